/**
 * Whole commands of dhash-rollout as an operator waits for them, each beside a peer in the same run: medians of five
 * rounds, in which ours and the peer take turns. `--start` leaves the backups out.
 *
 *   npm run bench:commands
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeBackupData, makeBackupData } from './backup-data.ts';
import { median } from './backup-table.ts';
import { isInstalled, type Measured, measureProcess } from './measure-process.ts';

const ROUNDS = 5;
const program = fileURLToPath(new URL('../packages/rollout/bin/dhash-rollout.js', import.meta.url));
const node = process.execPath;

const rolloutYaml = `
service: bench
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health, timeout: 1s }
    data:
      - { name: images, type: files, path: data/images }
      - { name: catalog, type: files, path: data/catalog }
      - { name: library, type: sqlite, path: data/library.db }
    target: { type: releases, root: app, artifact: "dist/{version}", start: "true", stop: "true" }
    rollback: { data: keep }
    notify: [hook]
channels:
  hook: { type: webhook, url: "http://127.0.0.1:9/hook" }
`;

type Command = readonly string[];

/** Medians of each command, in turn. `before` prepares a round, and is not counted. */
const inTurn = (
  commands: readonly Command[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  before: (round: number) => void = () => undefined,
): Pick<Measured, 'seconds' | 'cpuSeconds'>[] => {
  const measured: Measured[][] = commands.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    before(round);
    for (const [at, command] of commands.entries())
      measured[at]?.push(measureProcess(command, options));
  }
  return measured.map((rounds) => ({
    seconds: median(rounds.map(({ seconds }) => seconds)),
    cpuSeconds: median(rounds.map(({ cpuSeconds }) => cpuSeconds)),
  }));
};

const ms = (seconds: number): string => (seconds * 1000).toFixed(0);

const cells = (...texts: readonly string[]): string =>
  `| ${texts.map((text, at) => (at === 0 ? text.padEnd(44) : text.padStart(10))).join(' | ')} |`;

const folder = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
const options = {
  cwd: folder,
  env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), RESTIC_PASSWORD: 'bench' },
};
const ours = (...args: readonly string[]): Command => [node, program, ...args];

/** Milliseconds beyond Node's own start. */
const starts: readonly { readonly command: Command; readonly aimMs: number }[] = [
  { command: ['--version'], aimMs: 120 },
  { command: ['--help'], aimMs: 120 },
  { command: ['status', '--env', 'production'], aimMs: 200 },
  { command: ['history'], aimMs: 200 },
  { command: ['notify', 'send', '--message', 'bench', '--dry-run'], aimMs: 200 },
  { command: ['backup', '--env', 'production', '--list'], aimMs: 200 },
];

const none = { seconds: Number.NaN, cpuSeconds: Number.NaN };

const benchStarts = (): void => {
  console.log(cells('command', 'ms', 'node -e 0', 'ratio', 'cpu ms', 'its cpu ms', 'aim: beyond'));
  console.log(cells('---', '--:', '--:', '--:', '--:', '--:', '--:'));
  for (const { command, aimMs } of starts) {
    // The first one fills the compile cache.
    measureProcess(ours(...command), options);
    const [mine = none, bare = none] = inTurn([ours(...command), [node, '-e', '0']], options);
    const isMet = (mine.seconds - bare.seconds) * 1000 <= aimMs;
    console.log(
      cells(
        `\`${command.join(' ')}\``,
        ms(mine.seconds),
        ms(bare.seconds),
        (mine.seconds / bare.seconds).toFixed(2),
        ms(mine.cpuSeconds),
        ms(bare.cpuSeconds),
        `${aimMs} ${isMet ? 'yes' : 'NO'}`,
      ),
    );
  }
};

const benchBackups = (): void => {
  const backup = ours('backup', '--env', 'production');
  const restic = ['restic', '-q', '-r', join(folder, 'restic'), 'backup', join(folder, 'data')];
  const forget = (): void => {
    for (const name of ['backups', 'restic'])
      rmSync(join(folder, name), { recursive: true, force: true });
    measureProcess(['restic', '-q', 'init', '-r', join(folder, 'restic')], options);
  };
  makeBackupData(join(folder, 'data'));
  const first = inTurn([backup, restic], options, forget);
  const second = inTurn([backup, restic], options, (round) =>
    changeBackupData(join(folder, 'data'), round),
  );
  console.log(`\n${cells('backup of 480 MB', 's', 'restic, s', 'ratio', 'aim')}`);
  console.log(cells('---', '--:', '--:', '--:', '--:'));
  const row = (
    what: string,
    [mine = none, its = none]: readonly Pick<Measured, 'seconds'>[],
    aim: number,
  ): void => {
    const ratio = mine.seconds / its.seconds;
    console.log(
      cells(
        what,
        mine.seconds.toFixed(2),
        its.seconds.toFixed(2),
        ratio.toFixed(2),
        `${aim.toFixed(1)} ${ratio <= aim ? 'yes' : 'NO'}`,
      ),
    );
  };
  row('first', first, 1);
  row('second, 1 % changed', second, 1.5);
};

try {
  mkdirSync(join(folder, 'app'));
  mkdirSync(join(folder, 'data/images'), { recursive: true });
  writeFileSync(join(folder, 'rollout.yaml'), rolloutYaml);
  writeFileSync(
    join(folder, 'gates.json'),
    '{ "environments": { "production": { "gates": {} } } }',
  );
  benchStarts();
  rmSync(join(folder, 'data'), { recursive: true });
  if (process.argv.includes('--start')) console.log('\nbackups: left out');
  else if (isInstalled('restic')) benchBackups();
  else console.log('\nbackups: left out, restic is not installed');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
