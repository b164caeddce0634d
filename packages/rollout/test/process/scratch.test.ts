import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openScratch, sweepScratch } from '../../src/process/scratch.ts';

test('a scratch folder is for its user alone, and leaves nothing', async () => {
  const parent = join(await tempFolder(), 'backups');
  const { folder, remove } = await openScratch(parent);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  await writeFile(join(folder, 'copy.db'), 'x');
  await remove();
  expect(existsSync(parent)).toBe(false);
});

test('a folder that was there before stays, with what is not ours', async () => {
  const parent = await tempFolder();
  await mkdir(join(parent, '.scratch-of-somebody'));
  await (await openScratch(parent)).remove();
  expect(await readdir(parent)).toEqual(['.scratch-of-somebody']);
});

test('what a killed process left goes at the next start; what a living one has stays', async () => {
  const parent = await tempFolder();
  const source = JSON.stringify(new URL('../../src/process/scratch.ts', import.meta.url).href);
  const script = join(parent, 'script.mts');
  await writeFile(
    script,
    `import { writeFileSync } from 'node:fs';
const { openScratch } = await import(${source});
const { folder } = await openScratch(${JSON.stringify(parent)});
writeFileSync(folder + '/copy.db', 'all the customers');
console.log('ready');
setInterval(() => folder, 1000);`,
  );
  const child = spawn(process.execPath, ['--conditions=@dhash/source', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('it ended early')));
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  const left = (await readdir(parent)).filter((name) => name.startsWith('.scratch'));
  expect(left).toHaveLength(2);
  expect(await sweepScratch(parent)).toEqual([]);
  const own = await openScratch(parent);
  expect((await readdir(parent)).filter((name) => name.startsWith('.scratch'))).toHaveLength(4);
  await own.remove();
  child.kill('SIGKILL');
  await ended.catch(() => undefined);
  expect(await sweepScratch(parent)).toHaveLength(1);
  expect(await readdir(parent)).toEqual(['script.mts']);
});

test('a folder that is not there has nothing to sweep', async () => {
  expect(await sweepScratch(join(await tempFolder(), 'no'))).toEqual([]);
});

test('where no folder can be made, that is said with what to do; a sweep there finds nothing', async () => {
  const file = join(await tempFolder(), 'file');
  await writeFile(file, '');
  await expect(openScratch(join(file, 'backups'))).rejects.toMatchObject({
    code: 'no-scratch',
    exit: 1,
    message: expect.stringContaining('ENOTDIR'),
  });
  expect(await sweepScratch(file)).toEqual([]);
  expect(await sweepScratch(join(file, 'backups'))).toEqual([]);
});
