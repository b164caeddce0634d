import { execFileSync, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import JSZip from 'jszip';
import { expect, it } from 'vitest';
import { proveRestored, readManifest, stageRestore, swapIn, verifyBackup } from '../src/index.ts';
import { measureMemory } from './support/measure-memory.ts';
import { backUpSample, makeSample } from './support/sample.ts';

/** Where tools must be there (CI), a missing one fails instead of being passed over. */
const has = (command: string): boolean =>
  process.env['CI'] !== undefined || spawnSync(command, ['-v']).error === undefined;

/** About 1 KB for each of 130,000 files, on top of what Node takes: 190 to 215 were measured. */
const MANY_FILES_MIB = 270;

/** A file for each way that an entry can be written. */
const makeKinds = async (folder: string): Promise<void> => {
  await writeFile(join(folder, 'large.json'), 'some text that shrinks, '.repeat(500_000));
  await writeFile(join(folder, 'large.bin'), randomFillSync(Buffer.alloc(9 * 2 ** 20)));
  await writeFile(join(folder, 'chunks.json'), 'chunk after chunk, '.repeat(200_000));
};

it('reads back the same in JSZip, which checks every CRC', async () => {
  const sample = await makeSample(await tempFolder());
  await makeKinds(sample.images);
  const { file, manifest } = await backUpSample(sample);
  await verifyBackup(file);
  const zip = await JSZip.loadAsync(await readFile(file), { checkCRC32: true });
  for (const line of manifest.entries) {
    if (line.type !== 'file' || !line.path.startsWith('images/')) continue;
    const inside = await zip.file(line.path)?.async('nodebuffer');
    expect(inside?.equals(await readFile(join(sample.images, line.path.slice(7))))).toBe(true);
  }
});

it.runIf(has('unzip'))('passes unzip -t', async () => {
  const sample = await makeSample(await tempFolder());
  await makeKinds(sample.images);
  const { file } = await backUpSample(sample);
  expect(execFileSync('unzip', ['-t', file], { encoding: 'utf8' })).toContain('No errors detected');
});

it.runIf(has('python3'))("passes Python's zipfile", async () => {
  const sample = await makeSample(await tempFolder());
  await makeKinds(sample.images);
  const { file } = await backUpSample(sample);
  execFileSync('python3', ['-m', 'zipfile', '-t', file]);
});

// Twenty gigabytes are read for this: a minute, or two on a slow machine.
it.runIf(process.env['CI'] !== undefined)(
  'writes zip64 where a file has more than 4 GiB, readable by all',
  { timeout: 600_000 },
  async () => {
    const sample = await makeSample(await tempFolder());
    const sparse = join(sample.images, 'sparse.img');
    await writeFile(sparse, '');
    await truncate(sparse, 5 * 2 ** 30);
    const { file, bytes, all } = await measureMemory({
      sample,
      rehash: false,
      isRestored: false,
    });
    // What a test leaves is searched for secrets, byte by byte.
    await rm(sparse);
    expect(bytes).toBeLessThan(50 * 2 ** 20);
    expect(all, 'MiB at the peak').toBeLessThan(200);
    execFileSync('unzip', ['-tqq', file]);
    execFileSync('python3', [
      '-c',
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.getinfo("images/sparse.img").file_size == 5 * 2**30',
      file,
    ]);
  },
);

// So many files are made, read and checked for this: a minute. They are more than the arguments that a call can have.
it.runIf(process.env['CI'] !== undefined)(
  'writes 130,000 entries, and names of 1,000 bytes, the same bytes twice, readable by all',
  { timeout: 600_000 },
  async () => {
    const sample = await makeSample(await tempFolder());
    const deep = join(sample.images, ...Array.from({ length: 4 }, (_, i) => `${i}`.repeat(240)));
    await mkdir(deep, { recursive: true });
    // The source's name, four folders and their slashes come to 971 bytes.
    const longName = 'n'.repeat(1000 - 'images/'.length - 4 * 241);
    await writeFile(join(deep, longName), 'at the end of a long path');
    for (let folder = 0; folder < 130; folder++) {
      const many = join(sample.images, `folder-${folder}`);
      await mkdir(many);
      for (let i = 0; i < 1000; i++) writeFileSync(join(many, `${i}.txt`), `${folder} ${i}`);
    }
    // Node keeps up to 100 MB of garbage of its own accord: this one is told not to, as the README says.
    const job = { sample, rehash: false, isRestored: false };
    const { all, entries, file, sha256 } = await measureMemory(job, ['--max-semi-space-size=4']);
    console.log(`peak of ${entries} files, backed up and verified: ${all.toFixed(0)} MiB`);
    expect(all, 'MiB at the peak').toBeLessThan(MANY_FILES_MIB);
    const manifest = await readManifest(file);
    expect(entries).toBeGreaterThan(130_000);
    const longest = manifest.entries.reduce(
      (most, { path }) => Math.max(most, Buffer.byteLength(path)),
      0,
    );
    expect(longest).toBe(1000);
    execFileSync('unzip', ['-tqq', file]);
    execFileSync('python3', [
      '-c',
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert len(z.namelist()) == int(sys.argv[2]) + 1; assert z.testzip() is None',
      ...[file, String(entries)],
    ]);
    const again = await backUpSample(sample, { rehash: true });
    expect(again.sha256).toBe(sha256);
  },
);

it('restores random trees to what they were', { timeout: 120_000 }, async () => {
  const component = fc
    .stringMatching(/^[a-zA-Zé0-9:. ~_-]{1,12}$/)
    .filter((text) => !/^\.{1,2}$/.test(text));
  const tree = fc.dictionary(
    fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    fc.record({
      bytes: fc.uint8Array({ maxLength: 3000 }),
      repeat: fc.integer({ min: 1, max: 40 }),
      mode: fc.constantFrom(0o600, 0o644, 0o755),
    }),
    { maxKeys: 12 },
  );
  const root = await tempFolder();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      const folder = join(root, `${round++}`);
      const live = join(folder, 'live', 'images');
      await mkdir(live, { recursive: true });
      const written = new Map<string, Buffer>();
      for (const [path, { bytes, repeat, mode }] of Object.entries(files)) {
        const content = Buffer.concat(Array.from({ length: repeat }, () => Buffer.from(bytes)));
        try {
          await mkdir(join(live, path, '..'), { recursive: true });
          await writeFile(join(live, path), content, { flag: 'wx' });
        } catch {
          // A name that is a file and a folder at once: the tree goes on without it.
          continue;
        }
        await chmod(join(live, path), mode);
        written.set(path, content);
      }
      const sources = [{ name: 'images', type: 'files', path: live }] as const;
      const sample = { root: folder, dir: join(folder, 'b'), images: live, library: '', sources };
      const { file, manifest, entries } = await backUpSample(sample);
      expect(entries).toBe(written.size);
      const { targets } = await stageRestore(file, { id: 'a', targets: sources });
      await swapIn(targets);
      await proveRestored(manifest, sources);
      for (const [path, content] of written)
        expect((await readFile(join(live, path))).equals(content)).toBe(true);
      expect((await readdir(sample.dir)).length).toBe(4);
    }),
    { numRuns: 25 },
  );
});
