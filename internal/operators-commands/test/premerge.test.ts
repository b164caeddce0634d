import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const scripts = new URL('../../../scripts/premerge/', import.meta.url);
const templateFile = new URL('../../../templates/PR_BODY.md', import.meta.url);

interface Result {
  readonly command: string;
  readonly exit: number;
  readonly ms: number;
}

const { fillPrBody } = (await import(new URL('fill-pr-body.js', scripts).href)) as {
  fillPrBody(
    template: string,
    real: { results: Record<string, Result>; facts: Record<string, string>; files?: string[] },
  ): string;
};
const { ciConfig, ciGates } = (await import(new URL('ci-config.js', scripts).href)) as {
  ciConfig(shipped: object, url: string, platform?: string): unknown;
  ciGates(shipped: object): unknown;
};

const result = (exit: number): Result => ({ command: 'dhash-rollout smoke', exit, ms: 1234 });

describe('fillPrBody', () => {
  it('ticks a box only where the command exited 0, and shows what it did', () => {
    const template = '- [{{tick:good}}] {{result:good}}\n- [{{tick:bad}}] {{result:bad}} {{at}}';
    expect(
      fillPrBody(template, { results: { good: result(0), bad: result(3) }, facts: { at: 'now' } }),
    ).toBe(
      '- [x] `dhash-rollout smoke` → exit 0, 1.2 s\n- [ ] `dhash-rollout smoke` → exit 3, 1.2 s now',
    );
  });

  it.each(['{{tick:unknown}}', '{{result:unknown}}', '{{unknown}}', '{{sing:a}}', '{{tick:at}}'])(
    'refuses %s, which nothing fills',
    (placeholder) => {
      const real = { results: { a: result(0) }, facts: { at: 'now' } };
      expect(() => fillPrBody(`{{tick:a}} ${placeholder}`, real)).toThrow(
        `nothing fills ${placeholder} in the template`,
      );
    },
  );

  it('ticks the exit code that is asked for, the files that are there, and nothing that could not be run', () => {
    const results = {
      back: { ...result(4), expected: 4 },
      drill: { ...result(2), unable: 'no namespaces' },
    };
    expect(
      fillPrBody(
        '[{{tick:back}}] {{result:back}} [{{tick:drill}}] {{result:drill}} [{{file:a.log}}{{file:b/}}]',
        { results, facts: {}, files: ['a.log'] },
      ),
    ).toBe(
      '[x] `dhash-rollout smoke` → exit 4 (4 is asked for), 1.2 s [ ] `dhash-rollout smoke` → exit 2, 1.2 s; not on this machine: no namespaces [x ]',
    );
  });

  it('refuses a template that keeps a result quiet', () => {
    expect(() => fillPrBody('{{result:a}}', { results: { a: result(1) }, facts: {} })).toThrow(
      'the template has no {{tick:…}} for a',
    );
  });

  it('leaves no box of the shipped template to be ticked by itself', async () => {
    const template = await readFile(templateFile, 'utf8');
    const ids = [...template.matchAll(/\{\{tick:([\w-]+)\}\}/g)].map(([, id]) => id ?? '');
    expect(ids).toContain('deploy-dryrun');
    for (const id of ids) expect(template).toContain(`{{result:${id}}}`);
    expect(template).not.toMatch(/- \[x\]/);
  });
});

describe('ciConfig', () => {
  const production = {
    url: 'http://127.0.0.1:5001',
    data: [{ name: 'images', type: 'files', path: 'var/production/images' }],
    backup: { dir: 'backups', keep: { last: 3 }, drill: true },
    target: {
      type: 'releases',
      root: 'var/production/app',
      artifact: 'dist/releases/{version}',
      init: 'node init.js',
      start: './start.sh',
      stop: './stop.sh',
    },
    migrations: { dir: 'dist/releases/{version}/migrations', database: 'library' },
    smoke: { command: 'node smoke.js', timeout: '2m' },
    rollback: { data: 'restore' },
    notify: ['ops-chat'],
  };
  const shipped = {
    service: 'dhash',
    environments: { production, staging: production },
    channels: { 'ops-chat': { type: 'slack' } },
  };

  it('is production’s, moved into the bundle, and tells nobody', () => {
    expect(ciConfig(shipped, 'http://127.0.0.1:9', 'linux')).toEqual({
      service: 'dhash',
      gates: 'quality-gates-config.json',
      environments: {
        ci: {
          url: 'http://127.0.0.1:9',
          data: [{ name: 'images', type: 'files', path: '../var/premerge/images' }],
          backup: { dir: 'backups', drill: true },
          target: {
            type: 'releases',
            root: '../var/premerge/app',
            artifact: '../var/premerge/artifacts/{version}',
            init: 'cd .. && node init.js',
            start: './start.sh',
            stop: './stop.sh',
          },
          migrations: {
            dir: '../var/premerge/artifacts/{version}/migrations',
            database: 'library',
          },
          smoke: { command: 'cd .. && node smoke.js', timeout: '2m' },
          rollback: { data: 'restore' },
          notify: [],
          requireChannels: 0,
        },
      },
    });
  });

  it.each([
    '/srv/dhash/images',
    'var/production/..',
    'var/production/../../images',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: rollout.yaml's variables look like this
    '${DATA:-var/production}/images',
  ])('refuses data at %s, which it cannot move aside', (path) => {
    const data = [{ name: 'images', type: 'files', path }];
    expect(() =>
      ciConfig({ ...shipped, environments: { production: { ...production, data } } }, 'http://x'),
    ).toThrow(`production's "${path}" was expected under var/production/`);
  });

  it('refuses a command without a shell', () => {
    const smoke = { command: ['node', 'smoke.js'] };
    expect(() =>
      ciConfig({ ...shipped, environments: { production: { ...production, smoke } } }, 'http://x'),
    ).toThrow('production\'s command ["node","smoke.js"] has no shell to change folder in');
  });

  it('starts no .sh file by cmd.exe', () => {
    expect(ciConfig(shipped, 'http://x', 'win32')).toMatchObject({
      environments: {
        ci: { target: { start: 'node control.js start', stop: 'node control.js stop' } },
      },
    });
  });

  it('gives ci production’s gates and limits, on a shorter clock', () => {
    const qualityGates = { health: { threshold: 2 }, p95: { threshold: 9, timeWindow: 15 } };
    const production = { duration: 60, minCoverage: 0.9, qualityGates };
    expect(ciGates({ environments: { production, staging: { duration: 30 } } })).toEqual({
      environments: {
        ci: {
          duration: '50s',
          minCoverage: 0.9,
          pollCadence: { initial: 2, normal: 2, initialPeriod: '50s' },
          arming: { polls: 3, every: 2 },
          qualityGates: { health: { threshold: 2 }, p95: { threshold: 9, timeWindow: '14s' } },
        },
      },
    });
  });
});
