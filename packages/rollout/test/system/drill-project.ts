import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { makeProject, type Project } from './project.ts';

export interface DrillParts {
  /** `backup.drill`; default: true. */
  readonly drill?: string;
  /** `target.drill.start`; default: the release's own start on the restored data. */
  readonly start?: string;
  readonly noStart?: boolean;
  /** `smoke.command`; default: one that also writes down what it can see and reach. */
  readonly smoke?: string;
  /** Longest start, and wait for health. */
  readonly timeout?: string;
  /** Addresses that the smoke test tries. */
  readonly ask?: readonly string[];
}

export interface DrillProject extends Project {
  /** A backup of release 1.0 with one row. Absolute. */
  readonly backup: string;
  configure(parts: DrillParts): Promise<void>;
  /** Waits for a file in the project's folder; then the processes that run in a drill. */
  daemonsWhen(file: string): Promise<number[]>;
  /** Those of them that still live. */
  alive(pids: readonly number[]): Promise<number[]>;
}

/** What a drilled process sees: its environment, whom it reaches, whether it can write live data. */
const looking = (ask: readonly string[], live: string) => `
import { appendFileSync, writeFileSync } from 'node:fs';
const asked = [];
for (const url of process.env.ROLLOUT_DRILL === '1' ? ${JSON.stringify(ask)} : []) {
  try {
    asked.push(String((await fetch(url, { signal: AbortSignal.timeout(3000) })).status));
  } catch (error) {
    asked.push(error.cause?.code ?? error.name);
  }
}
let wroteLive = 'yes';
if (process.env.ROLLOUT_DRILL === '1')
  try {
    appendFileSync(${JSON.stringify(live)}, '');
  } catch (error) {
    wroteLive = error.code;
  }
const health = await fetch(process.env.ROLLOUT_URL + '/health');
if (process.env.ROLLOUT_DRILL === '1')
  writeFileSync('seen-by-smoke.json', JSON.stringify({ env: process.env, asked, wroteLive }));
process.exitCode = health.ok ? 0 : 1;
`;

const startOnRestored = 'NOTES_DATA=$ROLLOUT_DATA ./start.sh';

const render = (yaml: string, parts: DrillParts): string => {
  const smoke = parts.smoke ?? `"${process.execPath}" look.mjs`;
  const start = parts.start ?? startOnRestored;
  const drill =
    parts.timeout === undefined ? (parts.drill ?? 'true') : `{ timeout: ${parts.timeout} }`;
  return yaml
    .replace(/smoke: .*/, `smoke: { command: ${JSON.stringify(smoke)}, timeout: 90s }`)
    .replace(
      '      stop: ./stop.sh\n',
      `      stop: ./stop.sh\n${parts.noStart === true ? '' : `      drill: { start: ${JSON.stringify(start)} }\n`}`,
    )
    .replace('environments:\n', `backup: { drill: ${drill} }\nenvironments:\n`);
};

const environOf = (pid: string): Promise<string> =>
  readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');

/** A project that runs 1.0 with one note, backed up, and knows how to be drilled. */
export const drillable = async (parts: DrillParts = {}): Promise<DrillProject> => {
  let plain = '';
  const project = await makeProject({
    hurried: true,
    yaml: (text) => {
      plain = text;
      return render(text, parts);
    },
  });
  const live = join(project.root, 'data', 'notes.db');
  await writeFile(join(project.root, 'look.mjs'), looking(parts.ask ?? [], live));
  const first = await project.run('deploy', '--env', 'production', '--version', '1.0');
  expect(first, first.err + first.out).toMatchObject({ exit: 0 });
  await project.run('promote', '--env', 'production', '--now', '--reason', 'a test');
  await project.writeNote();
  const taken = await project.run('backup', '--env', 'production', '--json');
  expect(taken, taken.err + taken.out).toMatchObject({ exit: 0 });
  const { file } = JSON.parse(taken.out.trimEnd().split('\n').at(-1) ?? '') as { file: string };
  const drilled = async (): Promise<number[]> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const environs = await Promise.all(pids.map(environOf));
    return pids
      .filter((_, i) => environs[i]?.includes(`=${join(project.root, 'backups')}/.dhash-`))
      .map(Number);
  };
  return {
    ...project,
    backup: file,
    configure: (next) => writeFile(project.configFile, render(plain, next)),
    daemonsWhen: async (name) => {
      await expect.poll(() => existsSync(join(project.root, name)), { timeout: 60_000 }).toBe(true);
      return drilled();
    },
    alive: async (pids) => (await drilled()).filter((pid) => pids.includes(pid)),
  };
};
