import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackup, type ExternalSource } from '@dhash/backup-core';
import { tempFolder } from '@dhash/testkit';
import { expect, test } from 'vitest';
import { deleteSnapshots, snapshotsIn } from '../../src/backup/retention/delete-snapshots.ts';

const tool = `#!/bin/sh
set -e
case $1 in
  create) name=snap-$(ls snapshots | wc -l); touch "snapshots/$name"; echo "$name" ;;
  delete) rm "snapshots/$ROLLOUT_SNAPSHOT" ;;
esac
`;

test('snapshots go with the backups that refer to them, and one that stays is named', async () => {
  const root = await tempFolder();
  await mkdir(join(root, 'snapshots'));
  await writeFile(join(root, 'tool'), tool);
  await chmod(join(root, 'tool'), 0o755);
  const source: ExternalSource = {
    name: 'volume',
    type: 'external',
    create: ['./tool', 'create'],
    restore: ['./tool', 'restore'],
    delete: ['./tool', 'delete'],
    folder: root,
    cwd: root,
  };
  const zips: string[] = [];
  for (const second of [1, 2]) {
    const { file, manifest } = await createBackup({
      ...{ dir: join(root, 'backups'), root, service: 's', env: 'e', release: null },
      ...{ migrations: [], sources: [source], now: () => Date.UTC(2026, 0, 1, 0, 0, second) },
      tool: { name: 'test', version: '1' },
    });
    expect(manifest.sources).toMatchObject([
      { name: 'volume', reference: `snap-${second - 1}`, verified: 'not verified' },
    ]);
    zips.push(file);
  }
  const data = [source];
  const [first = '', second = ''] = zips;
  const gone = await snapshotsIn({ data }, [first]);
  const staying = await snapshotsIn({ data }, [second]);
  const { signal } = new AbortController();
  expect(await deleteSnapshots({ data }, [...gone, ...staying], staying, signal)).toEqual([]);
  expect(await readdir(join(root, 'snapshots'))).toEqual(['snap-1']);
  expect(await deleteSnapshots({ data }, gone, [], signal)).toEqual([
    expect.stringMatching(/^snapshot snap-0 of volume could not be deleted: .*No such file/),
  ]);
  const { delete: _, ...without } = source;
  expect(await deleteSnapshots({ data: [without] }, staying, [], signal)).toEqual([
    'snapshot snap-1 of volume stays: its source names no delete command',
  ]);
  expect(await readFile(join(root, 'snapshots', 'snap-1'), 'utf8')).toBe('');
});
