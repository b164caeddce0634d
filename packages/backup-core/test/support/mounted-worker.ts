import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  canPutBack,
  createBackup,
  type DataSource,
  discardWork,
  proveRestored,
  putAsideSources,
  stageRestore,
  swapBack,
  swapIn,
} from '../../src/index.ts';
import { faultyDisk } from './faulty-disk.ts';

/** Run in a mount namespace of its own: data on a mount point, restored, cut off at each step, and put back. */
const [, , root = '', type = ''] = process.argv;
const path = join(root, 'data', 'uploads');
const mount = (...args: string[]) => execFileSync('mount', args);
await mkdir(path, { recursive: true });
if (type === 'bind') {
  await mkdir(join(root, 'volume'));
  mount('--bind', join(root, 'volume'), path);
} else mount('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path);

await mkdir(join(path, 'a', 'b'), { recursive: true });
await writeFile(join(path, 'a', 'b', 'one'), 'as backed up');
await writeFile(join(path, 'two'), 'as backed up');
const sources: DataSource[] = [{ name: 'uploads', type: 'files', path }];
const { file, manifest } = await createBackup({
  ...{ dir: join(root, 'backups'), root, service: 'shop', env: 'production', release: null },
  ...{ migrations: [], sources, tool: { name: 'test', version: '1' }, now: Date.now },
});
await writeFile(join(path, 'two'), 'written');
await writeFile(join(path, 'three'), 'written');
const obstacles = await canPutBack(sources, { backup: file });

const read = async () =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(path, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile() && !entry.parentPath.includes('.dhash-'))
        .map(async (entry) => {
          const name = join(entry.parentPath, entry.name);
          return [name.slice(path.length + 1), await readFile(name, 'utf8')] as const;
        }),
    ),
  );

const written = await read();
const { targets } = await stageRestore(file, { id: 'r', targets: sources });
const same = (a: object, b: object) =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
let cuts = 0;
let wrong = 0;
for (let steps = 1; steps < 100; steps++) {
  const cut = async (swap: typeof swapIn): Promise<boolean> => {
    const disk = faultyDisk((count) => {
      if (count >= steps) throw new Error('cut off');
    });
    return swap(targets, { disk }).then(
      () => false,
      () => true,
    );
  };
  const forward = await cut(swapIn);
  if (steps % 2 === 0) {
    await swapIn(targets);
    await proveRestored(manifest, sources);
  }
  const back = await cut(swapBack);
  await swapBack(targets);
  if (!same(await read(), written)) wrong += 1;
  if (!forward && !back) break;
  cuts += 1;
}
await swapIn(targets);
await proveRestored(manifest, sources);
const aside = await putAsideSources(targets);
const restored = await read();
await discardWork(targets);
process.stdout.write(
  JSON.stringify({
    obstacles,
    cuts,
    wrong,
    restored,
    aside: aside.length,
    left: (await readdir(path)).sort(),
    isMounted: spawnSync('mountpoint', ['-q', path]).status === 0,
  }),
);
