import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  compareData,
  createBackup,
  type DataSource,
  discardWork,
  liveSources,
  proveRestored,
  putAsideSources,
  stagedSources,
  stageRestore,
  swapBack,
  swapIn,
  verifyBackup,
} from '../../src/index.ts';
import { AT_MS } from '../support/sample.ts';
import { makeCommand } from './command.ts';
import { makeExternal } from './external.ts';
import { makeCleanFiles, makeFiles, makeFilteredFiles } from './files.ts';
import type { MakeLiveData } from './live-data.ts';
import { makePostgres } from './postgres.ts';
import { makeLinkedSqlite, makeSqlite } from './sqlite.ts';

/** A new kind of data is held to what the others are by a file beside this one, and a line here. */
const server = sharedPostgres();
const kinds: { readonly [K in DataSource['type']]: MakeLiveData } = {
  files: makeFiles,
  sqlite: makeSqlite,
  postgres: makePostgres(server),
  command: makeCommand,
  external: makeExternal,
};
const all = {
  ...kinds,
  'files, some left out': makeFilteredFiles,
  'files, none left out': makeCleanFiles,
  'sqlite behind a link': makeLinkedSqlite,
  'postgres as its master': makePostgres(server, 'master'),
};

/** More steps than any swap of one source has. */
const MANY_STEPS = 100;

const backUp = (root: string, sources: readonly DataSource[]) =>
  createBackup({
    ...{ dir: join(root, 'backups'), root, service: 'dhash', env: 'production' },
    ...{ release: '1.0.0', migrations: [], sources, now: () => AT_MS },
    tool: { name: 'test', version: '1' },
  });

const prepare = async (make: MakeLiveData) => {
  const root = await tempFolder();
  await mkdir(join(root, 'live'));
  const live = await make(join(root, 'live'));
  const sources = [live.source];
  const old = await live.read();
  const { file, manifest } = await backUp(root, sources);
  await live.write();
  return { root, live, sources, old, file, manifest, written: await live.read() };
};

afterEach(() => vi.unstubAllEnvs());

describe.each(Object.entries(all))('data of kind %s', (_, make) => {
  it('is backed up, verified, staged, swapped, proven, put back, and leaves nothing', async () => {
    const { root, live, sources, old, file, manifest, written } = await prepare(make);
    await verifyBackup(file);
    expect(await compareData(manifest, sources)).toEqual(live.written);

    const stage = () => stageRestore(file, { id: 'r', targets: sources });
    await stage();
    const { targets } = await stage();
    await proveRestored(manifest, stagedSources(targets, { sources }));
    expect(await live.read()).toEqual(written);
    expect(await putAsideSources(targets, { sources })).toEqual([]);

    await swapIn(targets, { sources });
    await swapIn(targets, { sources });
    expect(await live.read()).toEqual(old);
    await proveRestored(manifest, liveSources(targets, { sources }));
    const aside = await putAsideSources(targets, { sources });
    expect(await compareData(manifest, aside)).toEqual(live.written);
    await expect(stage()).rejects.toMatchObject({ code: 'swap-conflict' });

    await swapBack(targets, { sources });
    await swapBack(targets, { sources });
    expect(await live.read()).toEqual(written);
    await swapIn(targets, { sources });
    await live.damage();
    if (live.finds === null)
      expect(await proveRestored(manifest, sources)).toMatchObject({
        notes: [expect.stringContaining(`${live.source.name}: that its snapshot is live again`)],
      });
    else
      await expect(proveRestored(manifest, sources)).rejects.toMatchObject({
        code: 'restored-data-differs',
        message: expect.stringContaining(live.finds),
      });
    await discardWork(targets, { sources });
    await discardWork(targets, { sources });
    expect(await live.leftovers()).toEqual([]);

    const elsewhere = join(root, 'elsewhere');
    await expect(backUp(elsewhere, [live.unreadable])).rejects.toThrow(live.source.name);
    expect(await readdir(join(elsewhere, 'backups'))).toEqual([]);
  });

  it('goes on, or back, from wherever a swap was cut off', async () => {
    const { live, sources, old, file, written } = await prepare(make);
    const { targets } = await stageRestore(file, { id: 'r', targets: sources });
    const isCut = async (swap: typeof swapIn, steps: number): Promise<boolean> => {
      const disk = await live.cutAfter(steps);
      const outcome = await swap(targets, { sources, disk }).then(
        () => false,
        () => true,
      );
      await live.cutAfter(Infinity);
      return outcome;
    };
    let cuts = 0;
    for (let steps = 0; steps < MANY_STEPS; steps++) {
      const forward = await isCut(swapIn, steps);
      const goesOn = steps % 2 === 0;
      if (goesOn) await swapIn(targets, { sources });
      if (goesOn || !forward) expect(await live.read()).toEqual(old);
      const back = await isCut(swapBack, steps);
      await swapBack(targets, { sources });
      expect(await live.read()).toEqual(written);
      if (!forward && !back) break;
      cuts += Number(forward) + Number(back);
    }
    expect(cuts).toBeGreaterThan(4);
    expect(cuts).toBeLessThan(MANY_STEPS);
  });
});
