import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasTool, tempFolder, traceDisk } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { environment, limits, makeFolderArtifact } from './target-fixture.ts';

it.skipIf(!hasTool('strace'))(
  'a release that is laid and switched to is on the disk when it is said to be',
  async () => {
    const root = await tempFolder();
    await makeFolderArtifact(root, '1.0');
    await makeFolderArtifact(root, '1.1');
    await mkdir(join(root, 'app'));
    const config = environment(root, {
      type: 'releases',
      ...limits,
      root: join(root, 'app'),
      artifact: join(root, 'dist', '{version}'),
      init: null,
      start: 'true',
      stop: 'true',
      keep: 5,
      drill: null,
    });
    const source = JSON.stringify(new URL('../../src/targets/target.ts', import.meta.url).href);
    const script = join(root, 'script.mts');
    await writeFile(
      script,
      `const { openTarget } = await import(${source});
const config = ${JSON.stringify(config)};
for (const version of ['1.0', '1.1']) {
  const target = openTarget(config, { runId: version, version, previous: null, clock: { now: Date.now } });
  await target.lay(version);
  console.log('laid');
  await target.activate(version);
  console.log('active');
}
`,
    );
    const { stdout, told } = await traceDisk(join(root, 'app'), [
      '--conditions=@dhash/source',
      script,
    ]);
    expect(stdout).toBe('laid\nactive\nlaid\nactive\n');
    expect(told).toEqual(Array(4).fill({ by: 'output', unsynced: [] }));
  },
);
