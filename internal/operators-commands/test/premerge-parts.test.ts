import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const part = <T>(name: string): Promise<T> =>
  import(new URL(`../../../scripts/premerge/${name}`, import.meta.url).href) as Promise<T>;

interface Job {
  readonly name: string;
  readonly html_url: string;
  readonly conclusion: string | null;
}
const { linkCiRuns } = await part<{ linkCiRuns(body: string, jobs: Job[]): string }>(
  'link-ci-runs.js',
);
const { gateTable } = await part<{ gateTable(production: object): string }>('gate-defaults.js');
const { packBundle } = await part<{
  packBundle(bundle: string, zip: string): Promise<{ files: number; sha256: string }>;
}>('pack-bundle.js');
const { missingOfRollback, threeTimesOk } = await part<{
  missingOfRollback(events: object[]): string | null;
  threeTimesOk(
    url: string,
    version: string,
    options: { tries: number; pauseMs: number; ask(): Promise<unknown> },
  ): Promise<string | null>;
}>('rolled-back.js');

const run = 'https://github.example/o/r/actions/runs/9';
const job = (name: string, conclusion: string | null): Job => ({
  name,
  html_url: `${run}/job/${name.length}`,
  conclusion,
});
const lines = `- [ ] Ubuntu: (not run yet) <!-- ci:premerge (ubuntu-latest) -->
- [ ] Windows: (not run yet) <!-- ci:premerge (windows-latest) -->
- [ ] This premerge run: (not run yet) <!-- ci:run -->`;

describe('the CI runs of a pull request’s text', () => {
  it('are linked, and ticked only where they succeeded', () => {
    const jobs = [job('premerge (ubuntu-latest)', 'success'), job('comment', null)];
    expect(linkCiRuns(lines, jobs)).toBe(`- [x] Ubuntu: success, ${run}/job/24
- [ ] Windows: (not run yet) <!-- ci:premerge (windows-latest) -->
- [x] This premerge run: ${run}`);
    const failed = [...jobs, job('premerge (windows-latest)', 'failure')];
    expect(linkCiRuns(lines, failed)).toContain('- [ ] Windows: failure, ');
    expect(linkCiRuns(lines, failed)).toContain(`- [ ] This premerge run: ${run}`);
  });
});

describe('the table of gates', () => {
  it('says what differs from what was agreed', async () => {
    const shipped = JSON.parse(await readFile(`${repository}quality-gates-config.json`, 'utf8'));
    const { production } = shipped.environments;
    const table = gateTable(production);
    expect(table).not.toContain('tuned');
    expect(table).toContain('| `duration` | 60 | 60 | as agreed |');
    expect(table).toContain('| `qualityGates.healthFailureShare` | – | there too | in addition |');
    expect(gateTable({ ...production, duration: 30 })).toContain(
      '| `duration` | 60 | 30 | **tuned** |',
    );
    expect(gateTable({})).toContain('| `autoRollback` | true | (not there) | **tuned** |');
  });
});

describe('the bundle', () => {
  it('is one zip with a list of SHA-256 that sha256sum agrees with', async () => {
    const folder = await tempFolder();
    const bundle = join(folder, 'bundle');
    await mkdir(join(bundle, 'a'), { recursive: true });
    await writeFile(join(bundle, 'a/b.log'), 'said');
    const packed = await packBundle(bundle, join(folder, 'bundle.zip'));
    expect(packed.files).toBe(1);
    execFileSync('unzip', ['-q', 'bundle.zip', '-d', 'out'], { cwd: folder });
    const said = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: join(folder, 'out') });
    expect(said.toString()).toBe('a/b.log: OK\n');
    expect(execFileSync('sha256sum', ['bundle.zip'], { cwd: folder }).toString()).toContain(
      packed.sha256,
    );
  });
});

describe('a rollback', () => {
  const done = (...steps: string[]) => [
    { type: 'step.done', step: 'smoke' },
    { type: 'rollback.started' },
    ...steps.map((step) => ({ type: 'step.done', step })),
  ];
  it.each<[object[], string | null]>([
    [done('prove', 'start', 'health', 'smoke'), null],
    [done('prove', 'start', 'health'), 'not done: smoke'],
    [done('start', 'prove', 'health', 'smoke'), 'started before the data was proved'],
    [[{ type: 'step.done', step: 'smoke' }], 'the record holds no rollback'],
  ])('is validated by its record: %#', (events, missing) => {
    expect(missingOfRollback(events)).toBe(missing);
  });

  it.each<[string[], string | null]>([
    [['OK', 'OK', 'OK'], null],
    [['OK', 'OK', 'DOWN', 'OK', 'OK'], '{"status":"OK","version":"1.1"}'],
    [['OK', 'DOWN', 'OK', 'OK', 'OK'], null],
    [['DOWN'], '{"status":"DOWN","version":"1.1"}'],
  ])('serves three times in a row: %j', async (said, last) => {
    const answers = said.map((status) => ({ status, version: '1.1' }));
    const ask = async () => ({
      json: async () => answers.shift() ?? { status: 'DOWN', version: '1.1' },
    });
    const found = await threeTimesOk('http://x', '1.1', { tries: said.length, pauseMs: 0, ask });
    expect(found).toBe(last);
  });
});

describe.runIf(process.platform !== 'win32')('the job that comments', () => {
  it('runs as its steps are written, with a gh that stands in', async () => {
    const workflow = parse(await readFile(`${repository}.github/workflows/premerge.yml`, 'utf8'));
    const steps = (workflow.jobs.comment.steps as { run?: string }[]).flatMap(({ run: line }) =>
      line === undefined ? [] : [line],
    );
    const cwd = await tempFolder();
    const bundle = join(cwd, 'made');
    await mkdir(bundle);
    await mkdir(join(cwd, 'bin'));
    await writeFile(join(bundle, 'PR_BODY.md'), lines);
    await packBundle(bundle, join(cwd, 'made.zip'));
    const jobs = JSON.stringify({ jobs: [job('premerge (ubuntu-latest)', 'success')] });
    await writeFile(
      join(cwd, 'bin/gh'),
      `#!/bin/sh\necho "$*" >>calls\ncase $1 in run) cp made.zip premerge_artifacts.zip ;; api) echo '${jobs}' ;; esac\n`,
    );
    await chmod(join(cwd, 'bin/gh'), 0o755);
    for (const line of steps)
      execFileSync(
        'bash',
        ['-eo', 'pipefail', '-c', line.replace('scripts/', `${repository}scripts/`)],
        {
          cwd,
          env: {
            ...process.env,
            PATH: `${join(cwd, 'bin')}${delimiter}${process.env['PATH']}`,
            GITHUB_RUN_ID: '9',
            GITHUB_REPOSITORY: 'o/r',
            PR: '7',
          },
        },
      );
    expect(await readFile(join(cwd, 'comment.md'), 'utf8')).toContain('- [x] Ubuntu: success, ');
    expect(await readFile(join(cwd, 'calls'), 'utf8')).toBe(
      'run download 9 --name premerge_artifacts-ubuntu-latest --dir .\n' +
        'api repos/o/r/actions/runs/9/jobs?per_page=100\n' +
        'pr comment 7 --edit-last --create-if-none --body-file comment.md\n',
    );
  });
});
