import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isBackupError, readManifest, verifyBackup } from '../src/index.ts';
import { writeSidecar } from './support/rebuild.ts';
import { backUpSample, makeSample } from './support/sample.ts';

/** Longest that mutated archives are tried, ms. */
const FUZZ_MS = 10_000;

const outcomeOf = async (file: string): Promise<string> => {
  try {
    await verifyBackup(file);
    return 'verified';
  } catch (error) {
    return isBackupError(error) ? error.code : `not a BackupError: ${String(error)}`;
  }
};

it('refuses a backup cut off at any byte of its directory and end, with a sidecar that matches', async () => {
  const sample = await makeSample(await tempFolder());
  const { file, bytes } = await backUpSample(sample);
  const whole = await readFile(file);
  const directoryAt = whole.readUInt32LE(bytes - 6);
  for (let cut = directoryAt - 40; cut < bytes; cut++) {
    await writeFile(file, whole.subarray(0, cut));
    await writeSidecar(file);
    expect([cut, await outcomeOf(file)]).toEqual([cut, 'bad-archive']);
  }
  console.log(`cut off at any byte: ${bytes - directoryAt + 40} cases, all refused`);
});

it('never takes a changed archive for whole, and never fails but by its own error', async () => {
  const sample = await makeSample(await tempFolder());
  const { file, bytes, manifest } = await backUpSample(sample);
  const whole = await readFile(file);
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: fc.nat(bytes - 1), bit: fc.nat(7) }),
    fc.record({
      kind: fc.constant('cut' as const),
      at: fc.nat(bytes - 1),
      bit: fc.integer({ min: 1, max: 300 }),
    }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(bytes - 1), bit: fc.nat(255) }),
    // Most of the structure is at the end.
    fc.record({
      kind: fc.constant('flip' as const),
      at: fc.integer({ min: bytes - 800, max: bytes - 1 }),
      bit: fc.nat(7),
    }),
  );
  let refused = 0;
  let same = 0;
  await fc.assert(
    fc.asyncProperty(mutation, async ({ kind, at, bit }) => {
      const changed = Buffer.from(whole);
      if (kind === 'flip') changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      const bytesNow =
        kind === 'flip'
          ? changed
          : kind === 'cut'
            ? Buffer.concat([whole.subarray(0, at), whole.subarray(at + bit)])
            : Buffer.concat([whole.subarray(0, at), Buffer.from([bit]), whole.subarray(at)]);
      await writeFile(file, bytesNow);
      await writeSidecar(file);
      const outcome = await outcomeOf(file);
      if (outcome === 'verified') {
        // The bits that fill a deflate stream's last byte mean nothing: all that is in the archive is the same.
        expect(kind).toBe('flip');
        expect(await readManifest(file)).toEqual(manifest);
        same += 1;
      } else {
        expect(['bad-archive', 'bad-manifest']).toContain(outcome);
        refused += 1;
      }
    }),
    // A slow machine tries fewer; what it tried is said.
    { numRuns: 400, interruptAfterTimeLimit: FUZZ_MS },
  );
  console.log(`fuzz of the reader: ${refused + same} mutated archives, ${refused} refused`);
  expect(refused).toBeGreaterThan(0);
});

it.each([
  { what: 'a missing sidecar', spoil: (file: string) => rm(`${file}.sha256`), code: 'bad-sidecar' },
  {
    what: 'an empty sidecar',
    spoil: (file: string) => writeFile(`${file}.sha256`, ''),
    code: 'bad-sidecar',
  },
  {
    what: 'a sidecar in upper case',
    spoil: async (file: string) =>
      writeFile(
        `${file}.sha256`,
        (await readFile(`${file}.sha256`, 'utf8')).replace(/^[0-9a-f]{64}/, (hex) =>
          hex.toUpperCase().replace(/^./, 'A'),
        ),
      ),
    code: 'bad-sidecar',
  },
  {
    what: 'a sidecar of two lines',
    spoil: async (file: string) =>
      writeFile(`${file}.sha256`, (await readFile(`${file}.sha256`, 'utf8')).repeat(2)),
    code: 'bad-sidecar',
  },
  {
    what: "another file's sidecar",
    spoil: (file: string) => writeFile(`${file}.sha256`, `${'0'.repeat(64)}  backups/other.zip\n`),
    code: 'bad-sidecar',
  },
  {
    what: 'another digest',
    spoil: async (file: string) =>
      writeFile(
        `${file}.sha256`,
        (await readFile(`${file}.sha256`, 'utf8')).replace(/^[0-9a-f]{64}/, '0'.repeat(64)),
      ),
    code: 'sidecar-mismatch',
  },
  { what: 'no zip', spoil: (file: string) => rm(file), code: 'not-found' },
  { what: 'an empty zip', spoil: (file: string) => truncate(file, 0), code: 'bad-archive' },
])('says $code for $what', async ({ spoil, code }) => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  await spoil(file);
  expect(await outcomeOf(file)).toBe(code);
});

it('verifies a pair that was copied elsewhere', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  const elsewhere = join(await tempFolder(), file.split('/').at(-1) ?? '');
  await writeFile(elsewhere, await readFile(file));
  await writeFile(`${elsewhere}.sha256`, await readFile(`${file}.sha256`));
  expect(await outcomeOf(elsewhere)).toBe('verified');
  expect((await readManifest(elsewhere)).createdAt).toBe('2026-01-31T12:00:00.000Z');
});
