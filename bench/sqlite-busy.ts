/**
 * Backs one SQLite database up idle, and while another process commits to it some hundred times a second, and prints
 * the ratio; beside it, the same of the sqlite3 shell's `.backup`, which starts again at each commit of another's.
 *
 *   npm run bench:sqlite -- [--rounds N]
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBackup, verifyBackup } from '../packages/backup-core/dist/index.js';
import { backupJob } from './backup-job.js';
import { median } from './backup-table.ts';
import { isInstalled } from './measure-process.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = wholeNumber('--rounds', values.rounds);

const ROWS = 300_000;
/** The shell is given up after this long; it would not end. */
const SHELL_LIMIT_MS = 15_000;
const writerProgram = fileURLToPath(
  new URL('../packages/backup-core/test/support/writer-process.ts', import.meta.url),
);

const makeDatabase = (path: string, mode: string): void => {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = ${mode};
    CREATE TABLE first (units INTEGER); INSERT INTO first VALUES (0);
    CREATE TABLE last (units INTEGER); INSERT INTO last VALUES (0);
    CREATE TABLE log (text TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO log SELECT hex(randomblob(64)) FROM n`);
  db.close();
};

/** Runs `use` while another process commits every 3 ms. */
const besideWriter = async <T>(
  path: string,
  use: () => Promise<T>,
): Promise<{ readonly seconds: T; readonly commitsPerSecond: number }> => {
  const writer = fork(writerProgram, [path, 'pausing'], { execArgv: ['--no-warnings'] });
  const commits = async (): Promise<number> => {
    const [count] = await Promise.all([once(writer, 'message'), writer.send('how many?')]);
    return Number(count[0]);
  };
  try {
    await once(writer, 'message');
    const before = await commits();
    const started = performance.now();
    const seconds = await use();
    const elapsed = (performance.now() - started) / 1000;
    return { seconds, commitsPerSecond: ((await commits()) - before) / elapsed };
  } finally {
    const ended = once(writer, 'exit');
    writer.kill('SIGKILL');
    await ended;
  }
};

/** @returns how long it took, s. */
const ours = async (folder: string, path: string): Promise<number> => {
  const dir = join(folder, 'backups');
  mkdirSync(dir);
  const started = performance.now();
  const { file } = await createBackup(backupJob(dir, [{ name: 'library', type: 'sqlite', path }]));
  const seconds = (performance.now() - started) / 1000;
  // Not measured. A copy of two moments would not have passed: createBackup runs integrity_check on it.
  await verifyBackup(file);
  rmSync(dir, { recursive: true });
  return seconds;
};

/** @returns how long it took, s; null where it had to be given up. */
const shell = (folder: string, path: string): number | null => {
  const copy = join(folder, 'shell.db');
  const started = performance.now();
  const { error, status } = spawnSync('sqlite3', [path, `.backup ${copy}`], {
    timeout: SHELL_LIMIT_MS,
  });
  const seconds = (performance.now() - started) / 1000;
  rmSync(copy, { force: true });
  rmSync(`${copy}-journal`, { force: true });
  return error === undefined && status === 0 ? seconds : null;
};

const folder = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
try {
  for (const mode of ['WAL', 'DELETE']) {
    const path = join(folder, `${mode}.db`);
    makeDatabase(path, mode);
    const idle: number[] = [];
    const busy: number[] = [];
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) {
      idle.push(await ours(folder, path));
      const { commitsPerSecond, seconds } = await besideWriter(path, () => ours(folder, path));
      rates.push(commitsPerSecond);
      busy.push(seconds);
    }
    const ratio = median(busy) / median(idle);
    console.log(
      `${mode.padEnd(7)} ours: idle ${median(idle).toFixed(2)} s, beside ${Math.round(median(rates))} commits/s ${median(busy).toFixed(2)} s: ${ratio.toFixed(2)} ×`,
    );
    if (!isInstalled('sqlite3')) continue;
    const alone = shell(folder, path);
    const { seconds: beside } = await besideWriter(path, async () => shell(folder, path));
    console.log(
      `${mode.padEnd(7)} sqlite3 .backup: idle ${alone?.toFixed(2)} s, beside the same writer ${beside === null ? `not done after ${SHELL_LIMIT_MS / 1000} s` : `${beside.toFixed(2)} s`}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
