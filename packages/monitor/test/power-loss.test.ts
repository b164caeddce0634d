import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder, traceDisk } from '@dhash/testkit';
import { expect, it } from 'vitest';

const source = JSON.stringify(new URL('../src/sample/sample-log.ts', import.meta.url).href);
const script = `
  import { openSampleLog } from ${source};
  const [, , folder] = process.argv;
  const { log } = await openSampleLog(folder + '/monitor_logs/run/samples.ndjson');
  console.log('opened');
  await log.append({ at: 1, signals: { up: 1 } });
  console.log('appended');
`;

it('a sample, its log and its folders are on the disk when they are said to be', async () => {
  const root = await tempFolder();
  const file = join(root, 'script.mts');
  await writeFile(file, script);
  const { stdout, told } = await traceDisk(root, [file, root]);
  expect(stdout.split('\n')).toEqual(['opened', 'appended', '']);
  expect(told).toEqual(Array(2).fill({ by: 'output', unsynced: [] }));
});
