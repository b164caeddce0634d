import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder, traceDisk } from '@dhash/testkit';
import { expect, it } from 'vitest';

const source = (file: string) => JSON.stringify(new URL(`../src/${file}`, import.meta.url).href);
const script = `
  import { atomicWriteFile } from ${source('atomic-write-file.ts')};
  import { openJournal } from ${source('journal.ts')};
  import { acquireLock } from ${source('lock.ts')};
  const [, , folder] = process.argv;
  const journal = await openJournal(folder + '/rollouts/run/journal.ndjson', { now: Date.now });
  for (const type of ['a.b', 'c.d']) {
    await journal.append({ type });
    console.log('appended');
  }
  await atomicWriteFile(folder + '/state.json', '{}');
  console.log('written');
  await acquireLock(folder + '/locks/lock', { command: 'test', now: Date.now });
  console.log('locked');
`;

it('a line, a file and a lock are on the disk when they are said to be', async () => {
  const root = await tempFolder();
  const file = join(root, 'script.mts');
  await writeFile(file, script);
  const { stdout, told, named } = await traceDisk(root, [file, root]);
  expect(stdout.split('\n')).toEqual(['appended', 'appended', 'written', 'locked', '']);
  expect(told).toEqual(Array(4).fill({ by: 'output', unsynced: [] }));
  expect(named).toContainEqual({ to: join(root, 'state.json'), unsynced: [] });
});
