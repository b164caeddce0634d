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
    real: { results: Record<string, Result>; facts: Record<string, string> },
  ): string;
};
const { ciConfig, ciGates } = (await import(new URL('ci-config.js', scripts).href)) as {
  ciConfig(shipped: object, url: string): unknown;
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
    backup: { dir: 'backups', keep: { last: 3 } },
    target: {
      type: 'releases',
      root: 'var/production/app',
      artifact: 'dist/releases/{version}',
      init: 'node init.js',
      start: './start.sh',
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
    expect(ciConfig(shipped, 'http://127.0.0.1:9')).toEqual({
      service: 'dhash',
      gates: 'quality-gates-config.json',
      environments: {
        ci: {
          url: 'http://127.0.0.1:9',
          data: [{ name: 'images', type: 'files', path: '../var/premerge/images' }],
          backup: { dir: 'backups' },
          target: {
            type: 'releases',
            root: '../var/premerge/app',
            artifact: '../dist/releases/{version}',
            init: 'cd .. && node init.js',
            start: './start.sh',
          },
          migrations: { dir: '../dist/releases/{version}/migrations', database: 'library' },
          smoke: { command: 'cd .. && node smoke.js', timeout: '2m' },
          rollback: { data: 'restore' },
          notify: [],
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

  it('gives ci production’s gates', () => {
    const gates = { environments: { production: { duration: 60 }, staging: { duration: 30 } } };
    expect(ciGates(gates)).toEqual({ environments: { ci: { duration: 60 } } });
  });
});
