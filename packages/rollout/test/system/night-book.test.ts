import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Interrupted } from '../../src/environment/context.ts';
import { runMain } from '../run-main.ts';
import { hurried } from './hurried.ts';
import { newestRun } from './observe.ts';
import { makeProject, type Project } from './project.ts';

const page = await readFile(new URL('../../../../docs/night.md', import.meta.url), 'utf8');

const subCommands: Readonly<Record<string, readonly string[]>> = {
  'npx dhash-rollout': [],
  './scripts/deploy_dhash.sh': ['deploy'],
  './scripts/backup_dhash.sh': ['backup'],
  './scripts/rollback_dhash.sh': ['rollback'],
  './scripts/restore_dhash.sh': ['restore'],
  './scripts/smoke_tests.sh': ['smoke'],
  'node scripts/monitor_dhash.js': ['monitor'],
  'node scripts/notify.js': ['notify', 'send'],
  'node scripts/deploy/deploy-notify.js': ['notify', 'phase'],
};

/** The commands of the page: lines of its `sh` blocks, and spans of code that start one. Each once. */
const commandsOf = (text: string): string[] => {
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, code = '']) =>
    code.trimEnd().split('\n'),
  );
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const inside = blocks.map((line) => /^BACKUP=\$\((.*)\)$/.exec(line)?.[1] ?? line);
  return [...new Set([...inside, ...spans])].filter((line) =>
    Object.keys(subCommands).some((program) => line.startsWith(`${program} `)),
  );
};

/** Types a command of the page, its stand-ins put in, and says how it ended. */
const typeIn =
  (project: Project, typed: Set<string>) =>
  async (line: string, put: Readonly<Record<string, string>> = {}) => {
    typed.add(line);
    const program = Object.keys(subCommands).find((each) => line.startsWith(`${each} `)) ?? '';
    const words = [...line.slice(program.length).matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, plain]) => quoted ?? plain ?? '',
    );
    const args = words.map((word) =>
      Object.entries(put).reduce((now, [from, to]) => now.replace(from, to), word),
    );
    const ran = await project.run(...(subCommands[program] ?? []), ...args);
    return { ...ran, said: `${line}\n${ran.out}${ran.err}` };
  };

/** A command that Ctrl-C ends once it has said this. */
const cutOff = async (project: Project, argv: string[], once: string): Promise<void> => {
  const interrupt = new AbortController();
  const { exit, err } = await runMain(argv, {
    cwd: project.root,
    clock: hurried,
    processEnv: project.processEnv,
    signal: interrupt.signal,
    onOut: (text) => {
      if (text.includes(once)) interrupt.abort(new Interrupted('SIGINT'));
    },
  });
  expect(exit, err).toBe(130);
};

it('docs/night.md: each of its commands does what the page says of it', {
  timeout: 180_000,
}, async () => {
  const project = await makeProject({ hurried: true });
  const typed = new Set<string>();
  const type = typeIn(project, typed);
  const ends = async (exit: number, line: string, put: Readonly<Record<string, string>> = {}) => {
    const ran = await type(line, put);
    expect(ran.exit, ran.said).toBe(exit);
    return ran;
  };
  const env = '--env production';
  const deploy = async (version: string) => {
    const ran = await project.run(
      'deploy',
      '--env',
      'production',
      '--version',
      version,
      '--backup-first',
    );
    expect(ran.exit, ran.err).toBe(0);
  };

  await deploy('1.0');
  await project.run('promote', '--env', 'production', '--now', '--reason', 'first');
  expect((await ends(0, `npx dhash-rollout status ${env}`)).out).toContain('is up: release 1.0');
  await ends(0, `npx dhash-rollout start ${env}`);
  await ends(0, `npx dhash-rollout doctor ${env}`);
  await ends(0, `npx dhash-rollout watchdog ${env} --take-over`);
  await ends(0, `./scripts/smoke_tests.sh ${env}`);
  await ends(0, `./scripts/backup_dhash.sh ${env} --list`);
  await ends(0, 'node scripts/notify.js --message "…" --dry-run');
  await ends(0, `node scripts/deploy/deploy-notify.js --phase t-30 ${env} --version 1.1`);
  await ends(0, `node scripts/deploy/deploy-notify.js --phase t-5 ${env} --version 1.1`);
  await ends(0, 'npx dhash-rollout notify status');
  await ends(0, 'npx dhash-rollout notify flush');
  // This project has no channel to try.
  await ends(1, `npx dhash-rollout notify test --all ${env}`);

  await cutOff(
    project,
    ['deploy', '--env', 'production', '--version', '1.1', '--backup-first'],
    '✓ backup',
  );
  await ends(0, `./scripts/deploy_dhash.sh ${env} --resume`);
  await ends(0, `./scripts/deploy_dhash.sh ${env} --abort`);
  await ends(2, `npx dhash-rollout deploy ${env} --abort`);
  await deploy('1.1');
  await cutOff(project, ['monitor', '--env', 'production'], 'health OK');
  const watched = await type(`node scripts/monitor_dhash.js ${env} --resume`);
  expect([0, 3], watched.said).toContain(watched.exit);
  const run = (await readdir(join(project.root, 'monitor_logs'))).sort().at(-1) ?? '';
  await ends(0, `npx dhash-rollout gates replay ${env} --samples monitor_logs/RUN/samples.ndjson`, {
    RUN: run,
  });

  const latest = await ends(0, `./scripts/backup_dhash.sh ${env} --latest`);
  await project.writeNote();
  const back = `npx dhash-rollout rollback ${env} --backup "$BACKUP" --reason "users see errors"`;
  const put = { $BACKUP: latest.out.trim() };
  await ends(0, `${back} --dry-run`, put);
  await ends(0, back, put);
  await ends(2, `./scripts/rollback_dhash.sh ${env} --resume`);
  const runs = await readdir(join(project.root, 'incidents'));
  await ends(0, 'npx dhash-rollout ack RUN', {
    RUN: runs.find((name) => !name.endsWith('.zip')) ?? '',
  });
  const rows = { RUN: await newestRun(project), orders: 'notes' };
  const found = await ends(0, 'npx dhash-rollout salvage RUN', rows);
  expect(found.said).toMatch(/notes/);
  await ends(0, 'npx dhash-rollout salvage RUN --out var/salvaged', rows);
  const before = project.notes();
  await ends(0, 'npx dhash-rollout salvage RUN --apply --table orders', rows);
  expect(project.notes()).toBe(before + 1);
  await ends(0, `npx dhash-rollout freeze ${env} --until 12h --reason "after the rollback"`);
  const safety = (await readdir(join(project.root, 'backups/safety'))).find((name) =>
    name.endsWith('.zip'),
  );
  await ends(
    0,
    `./scripts/restore_dhash.sh ${env} --backup backups/safety/dhash_20260131T120000Z_production_before-rollback.zip --only library --to var/look`,
    { 'dhash_20260131T120000Z_production_before-rollback.zip': safety ?? '', library: 'notes' },
  );

  expect(commandsOf(page).filter((line) => !typed.has(line))).toEqual([]);
});
