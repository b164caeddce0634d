import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createBackup, type DataSource } from '@dhash/backup-core';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { watchWayBack } from '../../src/guard/watch-way-back.ts';

/** A watch over one folder of data, whose looks are an array's length apart. */
const watched = async (rollbackData: 'restore' | 'keep') => {
  const root = await tempFolder();
  const path = join(root, 'data');
  await mkdir(path);
  await writeFile(join(path, 'order'), '1');
  const data: DataSource[] = [{ name: 'orders', type: 'files', path }];
  const { file: zip } = await createBackup({
    ...{ dir: join(root, 'backups'), service: 'shop', env: 'production', sources: data },
    ...{ root, release: null, migrations: [], tool: { name: 'test', version: '0' }, now: Date.now },
  });
  const recorded: unknown[] = [];
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  /** Looks once before each of these, and a last time after them. */
  const looks = async (...between: (() => Promise<void>)[]) => {
    const ended = new AbortController();
    const rest = [...between];
    const sleep = async () => {
      const next = rest.shift();
      if (next === undefined) ended.abort();
      else await next();
    };
    await watchWayBack(
      {
        context: { clock: { sleep }, output: { line: say, warn: say } },
        environment: { config: { root, data, rollback: { data: rollbackData } } },
        recorder: { events: [], record: async (event) => void recorded.push(event) },
      },
      { backup: join('backups', basename(zip)) },
      ended.signal,
    );
    return { recorded, lines };
  };
  const hide = () => rename(zip, `${zip}.away`);
  const bring = () => rename(`${zip}.away`, zip);
  return { looks, hide, bring };
};

it('says once that the way back is gone, and once that it is there again', async () => {
  const { looks, hide, bring } = await watched('restore');
  const nothing = async () => undefined;
  const { recorded, lines } = await looks(nothing, hide, nothing, bring, nothing);
  expect(recorded).toEqual([
    { type: 'way-back.looked', obstacles: [expect.stringMatching(/dhash_.*\.zip/)] },
    { type: 'way-back.looked', obstacles: [] },
  ]);
  expect(lines).toEqual([
    expect.stringMatching(/^warning: the data could not be put back now: /),
    'the data could be put back again',
  ]);
});

it('does not look where a rollback keeps the data', async () => {
  const { looks, hide } = await watched('keep');
  expect(await looks(hide)).toEqual({ recorded: [], lines: [] });
});
