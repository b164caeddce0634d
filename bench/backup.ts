/**
 * Backs the same 480 MB up with this package and with what else does it, and prints one table: times, sizes,
 * peak memory, and our time as a ratio of each. Every measurement is a process of its own, Node's start
 * included; before each, the data is read once and the disk's queue is empty; the order turns with each round.
 *
 * Ours is `createBackup`, which is the work that restic's `backup` does: a full verification of what then lies
 * on the disk (as `npx rollout backup` adds) has a row of its own, beside restic's `check --read-data`.
 *
 *   npm run bench:backup -- [--rounds N] [--only-restic]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changeBackupData, makeBackupData } from './backup-data.ts';
import { OURS, type Result, renderTable } from './backup-table.ts';
import { isInstalled, measureProcess } from './measure-process.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    'only-restic': { type: 'boolean', default: false },
  },
});
const rounds = wholeNumber('--rounds', values.rounds);

const folder = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
const data = join(folder, 'data');
const repository = join(folder, 'restic');
const backups = join(folder, 'ours');
const restored = join(folder, 'restored');
const env = {
  ...process.env,
  RESTIC_REPOSITORY: repository,
  RESTIC_PASSWORD: 'bench',
  RESTIC_CACHE_DIR: join(folder, 'restic-cache'),
};

/** One program at one piece of work. */
interface Contender {
  readonly who: string;
  readonly command: readonly string[];
  /** Program that must be installed. */
  readonly needs?: string | undefined;
  /** Most of its time that ours may take. */
  readonly aim?: number | undefined;
  /** What it makes: its size is shown. A folder counts with all in it. */
  readonly makes?: string | undefined;
  /** Not measured. */
  readonly before?: () => void;
}

const worker = fileURLToPath(new URL('./backup-worker.js', import.meta.url));
const node = (work: string, from: string, to: string): string[] => [
  process.execPath,
  '--no-warnings',
  worker,
  work,
  from,
  to,
];
const shell = (script: string): string[] => ['sh', '-ec', script];
const clear = (path: string) => () => rmSync(path, { recursive: true, force: true });
const freshFolder = (path: string) => () => {
  clear(path)();
  mkdirSync(path);
};

const restic = (...args: string[]): Pick<Contender, 'who' | 'needs' | 'command'> => ({
  who: `restic ${args.find((arg) => !arg.startsWith('-'))}`,
  needs: 'restic',
  command: ['restic', '--quiet', ...args],
});

/** What it takes with restic to keep what ours keeps: one moment of the live database, and one that passes its check. */
const checkedRepository = join(folder, 'restic-checked');
const resticChecked = {
  who: 'sqlite3 .backup, check, restic',
  needs: 'sqlite3',
  command: shell(
    `rm -f library.db
     sqlite3 data/library.db '.backup library.db'
     test "$(sqlite3 library.db 'PRAGMA integrity_check')" = ok
     RESTIC_REPOSITORY=${checkedRepository} restic --quiet backup library.db data/catalog data/images`,
  ),
};

const sevenZip = isInstalled('7zz') ? '7zz' : '7z';
const peers: readonly Contender[] = [
  {
    who: 'zip -6',
    needs: 'zip',
    aim: 1 / 3,
    makes: join(folder, 'peer.zip'),
    command: ['zip', '-q', '-6', '-r', join(folder, 'peer.zip'), 'data'],
  },
  {
    who: '7-Zip, zip format',
    needs: sevenZip,
    makes: join(folder, 'seven.zip'),
    command: [sevenZip, 'a', '-bd', '-tzip', join(folder, 'seven.zip'), 'data'],
  },
  {
    who: 'JSZip, all in memory',
    makes: join(folder, 'js.zip'),
    command: node('jszip', data, join(folder, 'js.zip')),
  },
  {
    who: 'yazl',
    makes: join(folder, 'yazl.zip'),
    command: node('yazl', data, join(folder, 'yazl.zip')),
  },
  {
    who: 'tar | pigz',
    needs: 'pigz',
    makes: join(folder, 'data.tar.gz'),
    command: shell(`tar -cf - data | pigz > ${join(folder, 'data.tar.gz')}`),
  },
];

const backUp = node('backup', data, backups);
const works: readonly { work: string; before?: (round: number) => void; by: Contender[] }[] = [
  {
    work: 'first backup',
    by: [
      { who: OURS, command: backUp, makes: backups, before: clear(backups) },
      {
        ...restic('backup', 'data'),
        aim: 1.15,
        makes: repository,
        before: () => {
          clear(repository)();
          clear(env.RESTIC_CACHE_DIR)();
          execFileSync('restic', ['--quiet', 'init'], { cwd: folder, env });
        },
      },
      {
        ...resticChecked,
        before: () => {
          clear(checkedRepository)();
          const checked = { ...env, RESTIC_REPOSITORY: checkedRepository };
          execFileSync('restic', ['--quiet', 'init'], { cwd: folder, env: checked });
        },
      },
      ...(values['only-restic'] ? [] : peers).map((peer) => ({
        ...peer,
        before: clear(peer.makes ?? ''),
      })),
    ],
  },
  {
    work: 'second, 1 % changed',
    before: (round) => changeBackupData(data, round),
    by: [{ who: OURS, command: backUp }, { ...restic('backup', 'data'), aim: 1.4 }, resticChecked],
  },
  {
    work: 'third, nothing changed',
    by: [{ who: OURS, command: backUp }, restic('backup', 'data'), resticChecked],
  },
  {
    work: 'verify',
    by: [
      { who: OURS, command: node('verify', data, backups) },
      {
        who: 'sha256sum -c, unzip -t',
        needs: 'unzip',
        command: shell(
          `cd ours; zip=$(ls *.zip | tail -n 1); sha256sum -c $zip.sha256; unzip -tqq $zip`,
        ),
      },
      restic('check', '--read-data'),
    ],
  },
  {
    work: 'restore',
    by: [
      { who: OURS, command: node('restore', restored, backups), before: freshFolder(restored) },
      {
        who: 'sha256sum -c, unzip',
        needs: 'unzip',
        aim: 1.2,
        before: freshFolder(restored),
        command: shell(
          `cd ours; zip=$(ls *.zip | tail -n 1); sha256sum -c $zip.sha256; unzip -qq $zip -d ${restored}`,
        ),
      },
      { ...restic('restore', 'latest', '--target', restored), before: freshFolder(restored) },
    ],
  },
];

const megabytesOf = (path: string): number => {
  if (!statSync(path).isDirectory()) return statSync(path).size / 1e6;
  return readdirSync(path).reduce((sum, name) => sum + megabytesOf(join(path, name)), 0);
};

const rotate = <T>(items: readonly T[], by: number): T[] => [
  ...items.slice(by % items.length),
  ...items.slice(0, by % items.length),
];

try {
  makeBackupData(data);
  const results: Result[] = [];
  const missing = new Set<string>();
  for (let round = 0; round < rounds; round++)
    for (const { work, by, before } of works) {
      before?.(round);
      for (const { who, aim, command, needs, makes, before } of rotate(by, round)) {
        if (needs !== undefined && !isInstalled(needs)) {
          missing.add(needs);
          continue;
        }
        before?.();
        execFileSync(
          'sh',
          ['-c', 'sync; find data ours -type f -exec cat {} + >/dev/null 2>&1 || :'],
          {
            cwd: folder,
          },
        );
        const measured = measureProcess(command, { cwd: folder, env });
        const megabytes = makes === undefined ? null : megabytesOf(makes);
        results.push({ work, who, aim, megabytes, ...measured });
      }
    }
  const order = works.flatMap(({ work, by }) => by.map(({ who }) => `${work}\0${who}`));
  const place = ({ work, who }: Result) => order.indexOf(`${work}\0${who}`);
  console.log(
    `${megabytesOf(data).toFixed(0)} MB of data, ${cpus().length} processors, Node ${process.versions.node}, zlib ${process.versions.zlib}, medians of ${rounds}\n`,
  );
  console.log(renderTable(results.sort((a, b) => place(a) - place(b))));
  for (const program of missing) console.log(`\nnot measured: ${program} is not installed`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
