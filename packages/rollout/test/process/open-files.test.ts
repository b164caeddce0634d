import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { whoHolds } from '../../src/process/open-files.ts';

/** A process that says when it holds what it was told to; it ends with the test. */
const holding = async (program: string, args: string[], cwd: string): Promise<ChildProcess> => {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
  return child;
};

const shell = (script: string, cwd: string) =>
  holding('sh', ['-c', `${script}; echo ready; exec sleep 1000`], cwd);

describe.skipIf(process.platform !== 'linux')('who has data open', () => {
  let wanted = { files: [] as string[], folders: [] as string[] };

  const setUp = async () => {
    const own = await tempFolder();
    await mkdir(join(own, 'img'), { recursive: true });
    await writeFile(join(own, 'img', 'a.txt'), 'x');
    await writeFile(join(own, 'lib.db'), 'x');
    wanted = { files: [join(own, 'lib.db'), join(own, 'lib.db-wal')], folders: [join(own, 'img')] };
    return own;
  };

  test('nobody, and what does not exist is held by nobody', async () => {
    await setUp();
    expect(await whoHolds(wanted)).toMatchObject({ looked: true, holders: [] });
    expect(await whoHolds({ files: ['/no/such'], folders: ['/no/such'] })).toMatchObject({
      holders: [],
    });
  });

  test.each<[string, string]>([
    ['a file that is read', 'exec 3< img/a.txt'],
    ['a file that is written', 'exec 3>> img/a.txt'],
    ['a file that was deleted since', 'exec 3> img/b.txt; rm img/b.txt'],
    ['the folder itself', 'exec 3< img'],
    ['a database', 'exec 3< lib.db'],
    ['a database by another of its names', 'ln lib.db other; exec 3< other'],
    ['by way of a link', 'ln -s img/a.txt link; exec 3< link'],
  ])('%s', async (_, script) => {
    const own = await setUp();
    const child = await shell(script, own);
    const { holders } = await whoHolds(wanted);
    expect(holders.map(({ pid }) => pid)).toEqual([child.pid]);
    expect(holders[0]?.command).toContain('sleep');
  });

  test('a child that outlives its parent is found', async () => {
    const own = await setUp();
    // The parent ends at once; the shell that waits for it stays, and holds nothing.
    const script = '(exec 3>> img/a.txt; sleep 1000 & echo $! > orphan.pid); exec 3>&-';
    await shell(script, own);
    const { holders } = await whoHolds(wanted);
    onTestFinished(() => {
      for (const { pid } of holders) process.kill(pid, 'SIGKILL');
    });
    expect(holders).toHaveLength(1);
    expect(holders[0]?.command).toContain('sleep 1000');
  });

  test('a database that another process has in use, its log and its index too', async () => {
    const own = await setUp();
    const script = `const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync('real.db'); db.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
console.log('ready'); setInterval(() => db, 1000)`;
    const child = await holding(process.execPath, ['-e', script], own);
    for (const suffix of ['', '-wal', '-shm']) {
      const { holders } = await whoHolds({ files: [join(own, `real.db${suffix}`)], folders: [] });
      expect(
        holders.map(({ pid }) => pid),
        suffix,
      ).toEqual([child.pid]);
    }
  });
});
