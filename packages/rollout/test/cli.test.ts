import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/process/clock.ts';
import { runMain } from './run-main.ts';

const valid = `service: notes
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:\${PORT:-9}
    health: { path: /health }
    target: { type: command, current: "true", activate: "true", start: "true", stop: "true" }
    rollback: { data: keep }
`;

const run = async (
  argv: string[],
  {
    yaml = valid,
    gates = '{"environments":{"production":{"duration":1,"qualityGates":{"healthFailures":{"threshold":2}}}}}',
  } = {},
) => {
  const cwd = await tempFolder();
  await writeFile(join(cwd, 'rollout.yaml'), yaml);
  await writeFile(join(cwd, 'gates.json'), gates);
  return { ...(await runMain(argv, { processEnv: {}, cwd, clock: systemClock })), cwd };
};

describe('bad input', () => {
  it.each<[string, string[], RegExp, number]>([
    ['an unknown flag', ['deploy', '--env', 'production', '--dryrun'], /--dry-run/, 2],
    ['an unknown command', ['deplyo'], /deploy/, 2],
    ['a missing --env', ['deploy'], /--env/, 2],
    [
      'a dry run of a resume',
      ['deploy', '--env', 'production', '--resume', '--dry-run'],
      /--resume.*cannot be used/,
      2,
    ],
    [
      'a dry run of an abort',
      ['deploy', '--env', 'production', '--abort', '--dry-run'],
      /--abort.*cannot be used/,
      2,
    ],
    [
      'a resume with a version',
      ['deploy', '--env', 'production', '--resume', '--version', '1'],
      /cannot be used/,
      2,
    ],
    [
      'a dry run of a rollback that goes on',
      ['rollback', '--env', 'production', '--resume', '--dry-run'],
      /cannot be used/,
      2,
    ],
    [
      'a list and a prune at once',
      ['backup', '--env', 'production', '--list', '--prune'],
      /cannot be used/,
      2,
    ],
    ['an unknown environment', ['status', '--env', 'prodution'], /production/, 2],
    [
      'a missing configuration',
      ['status', '--config', 'other.yaml'],
      /^error: \S*other\.yaml does not exist \(/,
      2,
    ],
    [
      'a rollback without a backup',
      ['rollback', '--env', 'production'],
      /--backup FILE is missing/,
      2,
    ],
    [
      'a backup that does not exist',
      ['rollback', '--env', 'production', '--backup', 'none.zip'],
      /there is no backup .*none\.zip/,
      2,
    ],
    ['an environment without data', ['backup', '--env', 'production'], /declares no data/, 2],
    ['promote without --now', ['promote', '--env', 'production', '--reason', 'r'], /--now/, 2],
    ['promote without a reason', ['promote', '--env', 'production', '--now'], /--reason/, 2],
    [
      'a resume of nothing',
      ['monitor', '--env', 'production', '--resume'],
      /monitor --resume is not possible.*no run is open/,
      2,
    ],
    [
      'an abort of nothing',
      ['deploy', '--env', 'production', '--abort'],
      /deploy --abort .*no run is open/,
      2,
    ],
    ['an empty version', ['deploy', '--env', 'nowhere', '--version', ''], /--version .*empty/, 2],
    ...['../../etc', '../evil/1.1', '.1', '1 1', 'a'.repeat(65)].map(
      (version): [string, string[], RegExp, number] => [
        `the version "${version}"`,
        ['deploy', '--env', 'nowhere', '--version', version],
        /^error: --version .*expected letters/,
        2,
      ],
    ),
    [
      'a bad version to try migrations of',
      ['migrate', '--env', 'nowhere', '--dry-run', '--version', '../1'],
      /^error: --version .*expected letters/,
      2,
    ],
    [
      'migrations of another release than the active one',
      ['migrate', '--env', 'nowhere', '--version', '1.1'],
      /--version is only for --dry-run/,
      2,
    ],
    ['migrations that nobody declared', ['migrate', '--env', 'production'], /no migrations/, 2],
    ['an unknown run', ['journal', 'verify', 'r1'], /no record/, 2],
    [
      'samples that are not there',
      ['gates', 'replay', '--env', 'production', '--samples', 'none.ndjson'],
      /none\.ndjson/,
      2,
    ],
  ])('%s', async (_, argv, says, code) => {
    const ran = await run(argv);
    expect(ran.err).toMatch(says);
    expect(ran.err).not.toMatch(/\n {4}at /);
    expect(ran.exit).toBe(code);
  });

  it('names file, line and column of a configuration error', async () => {
    const ran = await run(['status'], { yaml: valid.replace('health:', 'helth:') });
    expect(ran.exit).toBe(2);
    expect(ran.err).toMatch(/rollout\.yaml:6:5 .*helth.*health/s);
  });

  it('names file, line and column of an error in the gates', async () => {
    const ran = await run(['gates', 'check'], {
      gates: '{\n "environments": {\n  "production": {\n   "duraton": 1,\n   "qualityGates": {}}}}',
    });
    expect(ran.exit).toBe(2);
    expect(ran.err).toMatch(/gates\.json:4:4 .*duraton.*duration/s);
  });
});

it('finds a gates file that rollout.yaml names with its whole path', async () => {
  const { cwd } = await run(['--version']);
  const yaml = valid.replace('gates.json', join(cwd, 'gates.json'));
  const ran = await run(['gates', 'check', '--env', 'production'], { yaml, gates: 'not this one' });
  expect(ran.err).toBe('');
  expect(ran.exit).toBe(0);
});

describe('doctor', () => {
  it.each([
    ['names no command for it', '', '  ok      a deploy names its release: --version\n'],
    ['prints none', ', version: "true"', '  warning target.version prints no release to deploy\n'],
    ['prints one', ', version: "echo 1.1"', '  ok      artifacts: 1.1\n'],
  ])(
    'of commands that deploy says what would be deployed where the target %s',
    async (_what, more, says) => {
      const ran = await run(['doctor'], {
        yaml: valid.replace(' }\n    rollback', `${more} }\n    rollback`),
      });
      expect(ran.out).toContain(says);
    },
  );
});

describe('--json', () => {
  it('prints nothing on stdout but events, the last of them the result', async () => {
    const ran = await run(['gates', 'check', '--json']);
    expect(ran.exit).toBe(0);
    const lines = ran.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({ type: 'result', command: 'gates check', exit: 0 });
  });

  it('ends with the result of a refusal too', async () => {
    const ran = await run(['deploy', '--env', 'production', '--abort', '--json']);
    expect(JSON.parse(ran.out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'result',
      exit: 2,
      error: 'no-open-run',
    });
  });
});

it('gates replay gives one assessment a line, from samples alone', async () => {
  const cwd = await tempFolder();
  const samples = [0, 30, 60].map((seconds) => ({
    at: seconds * 1000,
    health: { ok: false, reason: 'down' },
  }));
  await writeFile(
    join(cwd, 's.ndjson'),
    `${samples.map((sample) => JSON.stringify(sample)).join('\n')}\n`,
  );
  const ran = await run([
    'gates',
    'replay',
    '--env',
    'production',
    '--samples',
    join(cwd, 's.ndjson'),
    '--json',
  ]);
  const lines = ran.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ decision }) => decision).slice(0, 3)).toEqual([
    'continue',
    'continue',
    'alert',
  ]);
  expect(lines.at(-1)).toMatchObject({ type: 'result', decision: 'alert', exit: 0 });
});

it('a dry run leaves its log and nothing else', async () => {
  const ran = await run(['migrate', '--env', 'production', '--dry-run']);
  expect(ran.exit).toBe(2);
  expect(await readFile(join(ran.cwd, 'migrate-dryrun.log'), 'utf8')).toContain('exit 2');
});
