/**
 * Backs very many small files up with this package and with restic, and prints one table: times, sizes, peak memory,
 * and our time as a ratio of restic's. What costs here is the number of files, not their bytes. Every measurement is a
 * process of its own, Node's start included, with Node's own settings; the last rows are ours where Node is told to
 * keep little garbage (NODE_OPTIONS=--max-semi-space-size=4).
 *
 *   npm run bench:files -- [--files N]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OURS, type Result, renderTable } from './backup-table.ts';
import { isInstalled, measureProcess } from './measure-process.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({ options: { files: { type: 'string', default: '100000' } } });
const files = wholeNumber('--files', values.files);
if (!isInstalled('restic')) throw new Error('restic is not installed: apt-get install restic');

const FILES_IN_A_FOLDER = 1000;
const LITTLE = `${OURS}, small young heap`;

const folder = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
const data = join(folder, 'data');
const backups = join(folder, 'ours');
const restored = join(folder, 'restored');
const env = {
  ...process.env,
  RESTIC_REPOSITORY: join(folder, 'restic'),
  RESTIC_PASSWORD: 'bench',
  RESTIC_CACHE_DIR: join(folder, 'restic-cache'),
};

/** The layout that backup-worker.js backs up; all but a few of its files are pictures' notes. */
const makeData = (): void => {
  mkdirSync(join(data, 'catalog'), { recursive: true });
  const db = new DatabaseSync(join(data, 'library.db'));
  db.exec('CREATE TABLE hashes (id INTEGER PRIMARY KEY)');
  db.close();
  for (let i = 0; i < files; i++) {
    const folderOf = join(data, 'images', `folder-${Math.floor(i / FILES_IN_A_FOLDER)}`);
    if (i % FILES_IN_A_FOLDER === 0) mkdirSync(folderOf, { recursive: true });
    writeFileSync(join(folderOf, `${i}.txt`), `what is known of picture ${i}\n`);
  }
};

const worker = fileURLToPath(new URL('./backup-worker.js', import.meta.url));
const freshFolder = (path: string): void => {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
};

const results: Result[] = [];
const measure = (work: string, who: string, command: readonly string[]): void => {
  const measured = measureProcess(command, { cwd: folder, env });
  results.push({ work, who, megabytes: null, ...measured });
};
const byNode =
  (who: string, ...options: readonly string[]) =>
  (work: string, what: string, from: string): void =>
    measure(work, who, [
      process.execPath,
      '--no-warnings',
      ...options,
      worker,
      what,
      from,
      backups,
    ]);
const ours = byNode(OURS);
const oursLittle = byNode(LITTLE, '--max-semi-space-size=4');
const restic = (work: string, ...args: string[]): void =>
  measure(work, 'restic', ['restic', '--quiet', ...args]);

try {
  makeData();
  execFileSync('restic', ['--quiet', 'init'], { cwd: folder, env });
  ours('first backup', 'backup', data);
  restic('first backup', 'backup', 'data');
  freshFolder(backups);
  oursLittle('first backup', 'backup', data);
  ours('second, nothing changed', 'backup', data);
  restic('second, nothing changed', 'backup', 'data');
  oursLittle('second, nothing changed', 'backup', data);
  ours('verify', 'verify', data);
  restic('verify', 'check', '--read-data');
  oursLittle('verify', 'verify', data);
  freshFolder(restored);
  ours('restore', 'restore', restored);
  freshFolder(restored);
  restic('restore', 'restore', 'latest', '--target', restored);
  freshFolder(restored);
  oursLittle('restore', 'restore', restored);
  console.log(
    `${files} files, ${cpus().length} processors, Node ${process.versions.node}, once each\n\n${renderTable(results)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
