import { lstat, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openJournal } from '@dhash/journal';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { layoutOf, recordsBesideLog } from '../../src/record/layout.ts';
import { placeRun } from '../../src/record/place-run.ts';
import { linkRuns } from '../../src/record/run-links.ts';
import { surveyRuns } from '../../src/record/runs.ts';
import { opened } from '../opened.ts';

const oldRun = '20260301T120000Z-production-deploy-aaaa';
const newRun = '20260302T120000Z-production-deploy-bbbb';

const write = async (journalFile: string, env = 'production') => {
  const journal = await openJournal(journalFile, { now: Date.now });
  await journal.append(opened({ env }));
  await journal.close();
};

/** A checkout and, beside it or in it, the folder of the releases. */
const places = async (inside = false) => {
  const folder = await tempFolder();
  const root = join(folder, 'checkout');
  const state = join(inside ? root : folder, 'app', '.rollout');
  await mkdir(root);
  return { folder, root, state, layout: layoutOf(root, state) };
};

const runsOf = async (layout: ReturnType<typeof layoutOf>) =>
  (await surveyRuns(layout, null)).runs.map(({ state }) => state.run);

describe('where a run lies', () => {
  it('is with the target, for all checkouts, with links to it in each', async () => {
    const { folder, root, state, layout } = await places();
    expect(await placeRun(layout, newRun, 'deploy')).toBeNull();
    await write(layout.run(newRun).journal);
    await writeFile(layout.run(newRun).samples, '');
    expect(layout.run(newRun).folder).toBe(join(state, 'runs', newRun));
    expect(await readdir(join(root, 'rollouts', newRun))).toEqual(['journal.ndjson']);
    expect(await readdir(join(root, 'monitor_logs', newRun))).toEqual(['samples.ndjson']);
    expect(layout.linked(layout.run(newRun).samples)).toBe(
      join(root, 'monitor_logs', newRun, 'samples.ndjson'),
    );

    const other = layoutOf(join(folder, 'other'), state);
    expect(await runsOf(other)).toEqual([newRun]);
    expect(other.linked(other.run(newRun).journal)).toBe(other.run(newRun).journal);
    await linkRuns(other);
    expect(await readdir(join(folder, 'other', 'rollouts', newRun))).toEqual(['journal.ndjson']);
  });

  it('stays where it was written before there was a place for all', async () => {
    const { root, layout } = await places();
    await write(layoutOf(root).run(oldRun).journal);
    await mkdir(layoutOf(root).run(oldRun).monitor, { recursive: true });
    await placeRun(layout, newRun, 'rollback');
    await write(layout.run(newRun).journal);
    expect((await runsOf(layout)).sort()).toEqual([oldRun, newRun]);
    expect(layout.run(oldRun)).toEqual(layoutOf(root).run(oldRun));
    // A watch that begins now, of a run from then, writes beside it.
    await rm(layoutOf(root).run(oldRun).monitor, { recursive: true });
    expect(layout.run(oldRun).monitor).toBe(join(root, 'monitor_logs', oldRun));
    expect((await lstat(join(root, 'rollouts', oldRun))).isDirectory()).toBe(true);
    // It is no deploy: nothing watches it.
    await expect(readdir(join(root, 'monitor_logs', newRun))).rejects.toThrow('ENOENT');
  });

  it('is the one with the target where a checkout was copied with all that its links lead to', async () => {
    const { root, layout } = await places();
    await placeRun(layout, newRun, 'deploy');
    await write(layout.run(newRun).journal);
    await rm(join(root, 'rollouts', newRun));
    await write(join(root, 'rollouts', newRun, 'journal.ndjson'));
    expect(layout.run(newRun).folder).toBe(join(layout.shared?.runs ?? '', newRun));
    await linkRuns(layout);
    expect((await lstat(join(root, 'rollouts', newRun))).isDirectory()).toBe(true);
    expect(await runsOf(layout)).toEqual([newRun]);
  });

  it('is found by links alone, where no configuration says it', async () => {
    const { root, layout } = await places();
    await placeRun(layout, newRun, 'deploy');
    await write(layout.run(newRun).journal);
    await symlink('/nowhere', join(root, 'rollouts', oldRun));
    await writeFile(join(root, 'rollouts', 'lock-production.json'), '');
    expect(await runsOf(layoutOf(root))).toEqual([newRun]);
  });
});

describe('the links', () => {
  it('lead within the checkout where the records lie in it, so that it can be moved', async () => {
    const { folder, root, layout } = await places(true);
    await placeRun(layout, newRun, 'deploy');
    await write(layout.run(newRun).journal);
    expect(await readlink(join(root, 'rollouts', newRun))).toBe(
      join('..', 'app', '.rollout', 'runs', newRun),
    );
    await rename(root, join(folder, 'moved'));
    expect(await readdir(join(folder, 'moved', 'rollouts', newRun))).toEqual(['journal.ndjson']);
  });

  it('follow the records to another place, and go with what retention removed', async () => {
    const { folder, root, state, layout } = await places();
    await placeRun(layout, newRun, 'deploy');
    await write(layout.run(newRun).journal);
    await rename(join(folder, 'app'), join(folder, 'moved'));
    const moved = layoutOf(root, join(folder, 'moved', '.rollout'));
    await linkRuns(moved);
    expect(await readdir(join(root, 'rollouts', newRun))).toEqual(['journal.ndjson']);
    await rm(moved.run(newRun).monitor, { recursive: true });
    await symlink(join(state, 'elsewhere'), join(root, 'monitor_logs', 'of-another'));
    await linkRuns(moved);
    expect(await readdir(join(root, 'monitor_logs'))).toEqual(['of-another']);
  });

  it('are no error where they can not be made', async () => {
    const { root, layout } = await places();
    await writeFile(join(root, 'rollouts'), 'a file');
    expect(await placeRun(layout, newRun, 'deploy')).toBeNull();
    await write(layout.run(newRun).journal);
    expect(
      await runsOf(
        layoutOf(
          join(root, 'none'),
          layout.shared === null ? null : join(layout.shared.runs, '..'),
        ),
      ),
    ).toEqual([newRun]);
  });
});

it.each([
  ['/app/monitor_logs/r1/samples.ndjson', '/app/rollouts/r1/journal.ndjson'],
  ['/app/.rollout/monitor/r1/samples.ndjson', '/app/.rollout/runs/r1/journal.ndjson'],
  ['/app/monitor_logs/r1/samples-1.ndjson', undefined],
  ['/tmp/samples.ndjson', undefined],
])('beside the log %s lies the record %s', (log, record) => {
  expect(recordsBesideLog(log)[0]).toBe(record);
});
