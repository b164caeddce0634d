/**
 * What each level of deflate makes of the data of bench:backup, and the processor time that it takes: why the level of
 * this package is what it is. Pictures are stored at every level, and counted as they are.
 *
 *   npm run bench:levels
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { makeBackupData } from './backup-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
try {
  makeBackupData(folder);
  const pictures = join(folder, 'images');
  const stored = readdirSync(pictures).reduce(
    (sum, name) => sum + statSync(join(pictures, name)).size,
    0,
  );
  const texts = ['catalog/catalog.json', 'library.db'].map((name) =>
    readFileSync(join(folder, name)),
  );
  const plain = texts.reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${((stored + plain) / 1e6).toFixed(0)} MB, of which ${(plain / 1e6).toFixed(0)} MB shrink; Node ${process.versions.node}, zlib ${process.versions.zlib}\n`,
  );
  console.log('level  MB in all   cpu s');
  for (const level of [1, 2, 3, 4, 6]) {
    const before = process.cpuUsage();
    const packed = texts.reduce((sum, text) => sum + deflateRawSync(text, { level }).length, 0);
    const { user, system } = process.cpuUsage(before);
    console.log(
      `${String(level).padStart(5)}${((stored + packed) / 1e6).toFixed(1).padStart(11)}${((user + system) / 1e6).toFixed(2).padStart(8)}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
