import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExternalSource } from '../../src/index.ts';
import { cutDisk, difference, type MakeLiveData } from './live-data.ts';

/** A store that keeps its own snapshots, as numbered files. What a snapshot is called would hurt if a shell read it. */
const tool = `#!/bin/sh
set -e
case $1 in
  create)
    n=$(ls snapshots | wc -l)
    name="snap;rm store $n"
    cp store "snapshots/$name"
    echo "making a snapshot"
    echo "$name"
    ;;
  verify) test -f "snapshots/$ROLLOUT_SNAPSHOT" ;;
  restore) cp "snapshots/$ROLLOUT_SNAPSHOT" store ;;
  delete) rm "snapshots/$ROLLOUT_SNAPSHOT" ;;
esac
`;

export const makeExternal: MakeLiveData = async (root) => {
  const folder = join(root, 'work');
  const store = join(root, 'store');
  await mkdir(folder);
  await mkdir(join(root, 'snapshots'));
  await writeFile(store, 'as backed up');
  await writeFile(join(root, 'tool'), tool);
  await chmod(join(root, 'tool'), 0o755);
  const source: ExternalSource = {
    name: 'volume',
    type: 'external',
    create: ['./tool', 'create'],
    verify: ['./tool', 'verify'],
    restore: ['./tool', 'restore'],
    delete: ['./tool', 'delete'],
    folder,
    cwd: root,
  };
  return {
    source,
    unreadable: { ...source, create: ['sh', '-c', 'echo id; exit 3'] },
    read: () => readFile(store, 'utf8'),
    write: () => writeFile(store, 'written'),
    written: difference(),
    damage: () => rm(store),
    finds: null,
    leftovers: () => readdir(folder),
    cutAfter: cutDisk,
  };
};
