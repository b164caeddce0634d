import { execFileSync } from 'node:child_process';
import { readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tempFolder } from '@dhash/testkit';
import JSZip from 'jszip';
import { describe, expect, it } from 'vitest';
import { gatherRollback } from '../src/gather-rollback.ts';
import { planRollback } from '../src/plan-rollback.ts';
import { makeWorld, newData, type World } from './support/world.ts';

type Change = (world: World) => Promise<void>;
const flipByte: Change = async ({ backup }) => {
  const bytes = await readFile(backup);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(backup, bytes);
};
const foreignZip: Change = async ({ backup }) => {
  const zip = new JSZip();
  zip.file('../../etc/passwd', 'evil');
  await writeFile(backup, await zip.generateAsync({ type: 'uint8array' }));
};
const truncated: Change = async ({ backup }) => truncate(backup, 100);
const withoutSidecar: Change = async ({ backup }) => rm(`${backup}.sha256`);
const gone: Change = async ({ backup }) => rename(backup, `${backup}.moved`);

describe('gatherRollback refuses before anything stops', () => {
  it.each([
    ['a flipped bit', flipByte],
    ['a foreign zip', foreignZip],
    ['a cut zip', truncated],
    ['no sidecar', withoutSidecar],
    ['a missing file', gone],
  ])('%s', async (_, change) => {
    const world = await makeWorld(await tempFolder());
    await change(world);
    await expect(world.gather()).rejects.toMatchObject({
      name: 'RollbackError',
      code: 'backup-refused',
    });
    expect(world.calls).toEqual([]);
    expect(world.isRunning()).toBe(true);
    expect(await world.data()).toEqual(newData);
    expect(await world.leftovers()).toEqual([]);
  });

  it.each([
    ['wrong-environment', { env: 'staging' }, 'staging'],
    ['wrong-service', { service: 'other' }, 'other'],
  ])('%s', async (code, stamped, named) => {
    const world = await makeWorld(await tempFolder(), stamped);
    await expect(world.gather()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`"${named}"`),
    });
    expect(world.calls).toEqual([]);
  });

  it('other data than is configured, and data that the release cannot read', async () => {
    const world = await makeWorld(await tempFolder());
    const options = {
      backup: world.backup,
      service: 'dhash',
      env: 'production',
      sources: world.sources,
      targetService: world.service,
    };
    await expect(
      gatherRollback({ ...options, sources: world.sources.slice(1) }),
    ).rejects.toMatchObject({ code: 'other-sources' });
    await expect(
      gatherRollback({
        ...options,
        canRead: (manifest) => `release ${manifest.release} is not there`,
      }),
    ).rejects.toMatchObject({
      code: 'unreadable-data',
      message: expect.stringContaining('release 1.0 is not there'),
    });
    expect(await gatherRollback({ ...options, canRead: () => null })).toMatchObject({
      activeRelease: '1.1',
    });
    expect(world.calls).toEqual([]);
  });

  it('data that could not be put back where it is, unless only the release goes back', async () => {
    const world = await makeWorld(await tempFolder());
    const [images] = world.sources;
    if (images?.type !== 'files') throw new Error('the world begins with files');
    await rename(images.path, `${images.path}.elsewhere`);
    await symlink(`${images.path}.elsewhere`, images.path);
    await expect(world.gather()).rejects.toMatchObject({
      code: 'cannot-put-back',
      message: expect.stringMatching(/images: .* is a link to .*Nothing was stopped$/),
    });
    const stamp = { backup: world.backup, service: 'dhash', env: 'production' };
    const options = { ...stamp, sources: world.sources, targetService: world.service };
    expect(await gatherRollback({ ...options, data: 'keep' })).toMatchObject({ obstacles: [] });
    expect(world.calls).toEqual([]);
  });

  it('tells in its plan what would not be as it was', async () => {
    const world = await makeWorld(await tempFolder());
    const [images] = world.sources;
    if (images?.type !== 'files') throw new Error('the world begins with files');
    execFileSync('mkfifo', [`${images.path}/pipe`]);
    const { sentences } = planRollback(await world.gather(), { data: 'restore' });
    expect(sentences).toContainEqual(
      expect.stringMatching(/^not as it was: images: pipe in .* is a socket, pipe or device/),
    );
  });
});

describe('planRollback', () => {
  it('says of a folder of which a backup takes a part what stays', () => {
    const filtered = { ...facts('1.1', '1.0'), sources: [{ ...images, exclude: ['cache'] }] };
    expect(planRollback(filtered, { data: 'restore' }).sentences).toContain(
      `the data "images" at /data/images is replaced whole by the backup's; what is excluded (cache) stays where it is`,
    );
  });

  const images = { name: 'images', type: 'files', path: '/data/images' } as const;
  const facts = (activeRelease: string | null, release: string | null) => ({
    service: 'dhash',
    env: 'production',
    activeRelease,
    sources: [{ name: 'images', type: 'files', path: '/data/images' } as const],
    backup: {
      file: 'b.zip',
      sha256: '',
      createdAt: '2026',
      release,
      tag: null,
      files: 3,
      bytes: 9,
      migrations: [],
      proven: null,
    },
  });

  it.each([
    [
      '1.1',
      '1.0',
      { from: '1.1', to: '1.0', changes: true },
      'the release goes from 1.1 back to 1.0',
    ],
    [
      '1.0',
      '1.0',
      { from: '1.0', to: '1.0', changes: false },
      'the release 1.0 is the active one and stays: only the data goes back',
    ],
    [
      null,
      '1.0',
      { from: null, to: '1.0', changes: true },
      'the release goes from none back to 1.0',
    ],
    [
      '1.1',
      null,
      { from: '1.1', to: '1.1', changes: false },
      'the backup names no release: 1.1 stays',
    ],
  ])('active %s, stamped %s', (active, stamped, release, sentence) => {
    const plan = planRollback(facts(active, stamped), { data: 'restore' });
    expect(plan.release).toEqual(release);
    expect(plan.sentences).toContain(sentence);
    expect(plan.sentences).toContain(
      'the data "images" at /data/images is replaced whole by the backup\'s',
    );
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('leaves the data steps out where the data is kept', () => {
    const plan = planRollback(facts('1.1', '1.0'), { data: 'keep' });
    expect(plan.steps).toEqual([
      'verify',
      'stop',
      'activate',
      'start',
      'health',
      'smoke',
      'incident',
    ]);
    expect(plan.sentences.join('\n')).toContain(
      'the data stays as it is: only the release goes back',
    );
    expect(plan.sentences.join('\n')).not.toContain('replaced');
  });
});
