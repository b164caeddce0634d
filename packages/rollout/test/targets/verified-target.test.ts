import { tempFolder } from '@dhash/testkit';
import { expect, test } from 'vitest';
import type { TargetConfig } from '../../src/config/types.ts';
import type { Target } from '../../src/targets/types.ts';
import type { StoppedLook } from '../../src/targets/until-stopped.ts';
import { dataFiles, verifiedTarget } from '../../src/targets/verified-target.ts';
import { commandTarget, environment, run } from './target-fixture.ts';

const setUp = async (over: Partial<TargetConfig> = {}) => {
  const root = await tempFolder();
  const config = environment(root, commandTarget({ stopTimeoutMs: 20, ...over }));
  const did: string[] = [];
  const told: string[] = [];
  let isUp = true;
  let isHeld = false;
  let stopFails = false;
  const look: StoppedLook = {
    address: async () =>
      isUp ? { kind: 'answers', how: 'HTTP 200', isProof: true } : { kind: 'silent' },
    countsAddress: true,
    data: async () => ({
      looked: true,
      holders: isHeld ? [{ pid: 7, command: 'worker', path: '/data' }] : [],
      unseen: 0,
    }),
    listeners: async () => [],
  };
  const inner = {
    start: async () => void did.push('start'),
    stop: async () => {
      if (stopFails) throw new Error('cut off');
      did.push('stop');
    },
  } as unknown as Target;
  const target = verifiedTarget(inner, config, run({ onNotice: (text) => told.push(text) }), look);
  return {
    target,
    did,
    told,
    failStop: () => {
      stopFails = true;
    },
    goDown: (leaves: 'nothing' | 'a child on the data') => {
      isUp = false;
      isHeld = leaves !== 'nothing';
    },
  };
};

test('a stop that stopped nothing fails, and no second service is started beside the first', async () => {
  const { target, did, told } = await setUp();
  await expect(target.stop()).rejects.toMatchObject({ code: 'still-running' });
  await target.start();
  expect(did).toEqual(['stop']);
  expect(told.join()).toContain('was not started again: it still runs');
});

test('a service that goes after its limit is started again by the undo', async () => {
  const { target, did, goDown } = await setUp();
  await expect(target.stop()).rejects.toMatchObject({ code: 'still-running' });
  goDown('nothing');
  await target.start();
  expect(did).toEqual(['stop', 'start']);
});

test('an undo in a later process looks too', async () => {
  const { target, did, goDown } = await setUp();
  await target.startAgain();
  expect(did).toEqual([]);
  goDown('nothing');
  await target.startAgain();
  expect(did).toEqual(['start']);
});

test('a stop that failed or was cut off may have left the service running', async () => {
  const { target, did, failStop } = await setUp();
  failStop();
  await expect(target.stop()).rejects.toThrow('cut off');
  await target.start();
  expect(did).toEqual([]);
});

test('a service that is down is started again, whatever holds its data', async () => {
  const { target, did, told, goDown } = await setUp();
  goDown('a child on the data');
  await expect(target.stop()).rejects.toThrow('pid 7 (worker) has /data open');
  await target.start();
  expect(did).toEqual(['stop', 'start']);
  expect(told.join()).toContain('started again beside');
});

test('stopCheck none believes the command', async () => {
  const { target, did } = await setUp({ stopCheck: 'none' });
  await target.stop();
  expect(did).toEqual(['stop']);
});

test('the files of a service are its folders, and its databases with what lies beside them', () => {
  expect(
    dataFiles({
      data: [
        { name: 'images', type: 'files', path: '/srv/images' },
        { name: 'library', type: 'sqlite', path: '/srv/library.db' },
      ],
    }),
  ).toEqual({
    folders: ['/srv/images'],
    files: [
      '/srv/library.db',
      '/srv/library.db-wal',
      '/srv/library.db-shm',
      '/srv/library.db-journal',
    ],
  });
});
