import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { tendLogs } from '../../src/process/tend-logs.ts';

test('a log is turned over under the hands of its writer, and takes three times its bound', async () => {
  const folder = await tempFolder();
  const file = join(folder, 'start-1.log');
  const fd = openSync(file, 'ax+');
  const writer = spawn('sh', ['-c', 'while read -r line; do echo "$line"; echo done >&2; done'], {
    stdio: ['pipe', fd, 'pipe'],
  });
  closeSync(fd);
  onTestFinished(() => {
    writer.kill('SIGKILL');
  });
  const write = async (text: string) => {
    const { stdin, stderr } = writer;
    if (stdin === null || stderr === null) throw new Error('it has no pipes');
    const written = once(stderr, 'data');
    stdin.write(`${text}\n`);
    await written;
  };
  for (const letter of ['a', 'b', 'c', 'd']) {
    await write(letter.repeat(150));
    await tendLogs(folder, { longestBytes: 100 });
    // No hole: it goes on at the new end.
    expect((await stat(file)).size).toBe(0);
  }
  await write('e');
  expect(await readFile(file, 'utf8')).toBe('e\n');
  expect(await readFile(`${file}.1`, 'utf8')).toBe(`${'d'.repeat(99)}\n`);
  expect(await readFile(`${file}.2`, 'utf8')).toBe(`${'c'.repeat(99)}\n`);
  expect((await readdir(folder)).toSorted()).toEqual([
    'start-1.log',
    'start-1.log.1',
    'start-1.log.2',
  ]);
});

test.skipIf(process.platform !== 'linux')(
  'logs that nobody writes to go, but the newest; what is held stays',
  async () => {
    const folder = await tempFolder();
    for (const number of [1, 2, 3, 9, 10])
      await writeFile(join(folder, `start-${number}.log`), 'x');
    await writeFile(join(folder, 'start-2.log.1'), 'x');
    await writeFile(join(folder, 'notes.txt'), 'x');
    const fd = openSync(join(folder, 'start-1.log'), 'a');
    const holder = spawn('sleep', ['1000'], { stdio: ['ignore', fd, 'ignore'] });
    closeSync(fd);
    onTestFinished(() => {
      holder.kill('SIGKILL');
    });
    await once(holder, 'spawn');
    await tendLogs(folder, { kept: 2 });
    expect((await readdir(folder)).toSorted()).toEqual([
      'notes.txt',
      'start-1.log',
      'start-10.log',
      'start-9.log',
    ]);
    holder.kill('SIGKILL');
    await vi.waitUntil(async () => {
      await tendLogs(folder, { kept: 2 });
      return (await readdir(folder)).length === 3;
    }, 60_000);
  },
);

test('a folder that is not there has no logs', async () => {
  await tendLogs(join(await tempFolder(), 'no'));
});
