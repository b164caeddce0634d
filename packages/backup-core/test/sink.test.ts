import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fileSink, nullSink, type Sink } from '../src/zip/sink.ts';
import { noise } from './support/sample.ts';

const sample = noise(400_000);

type Step = { readonly sizes: readonly number[]; readonly isTakenBack: boolean };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    sizes: fc.array(fc.oneof(fc.nat(200), fc.nat(70_000), fc.nat(400_000)), { maxLength: 4 }),
    isTakenBack: fc.boolean(),
  }),
  { maxLength: 12 },
);

/** Writes all steps, and takes some back; returns what must lie there then. */
const writeSteps = async (sink: Sink, list: readonly Step[]): Promise<Buffer> => {
  const kept: Buffer[] = [];
  for (const { sizes, isTakenBack } of list) {
    const mark = isTakenBack ? await sink.mark() : undefined;
    const parts = sizes.map((size) => Buffer.from(sample.subarray(sample.length - size)));
    await sink.write(parts);
    if (mark === undefined) kept.push(...parts.map((part) => Buffer.from(part)));
    else await sink.rewind(mark);
    // They are the writer's again.
    for (const part of parts) part.fill(0);
    expect(sink.position).toBe(kept.reduce((sum, { length }) => sum + length, 0));
  }
  return Buffer.concat(kept);
};

it('writes what it was given, but for what was taken back, and says its SHA-256', {
  timeout: 60_000,
}, async () => {
  const file = join(await tempFolder(), 'part');
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const handle = await open(file, 'w');
      try {
        const sink = fileSink(handle);
        const expected = await writeSteps(sink, list);
        const sha256 = createHash('sha256').update(expected).digest('hex');
        expect(await sink.finish()).toBe(sha256);
        expect((await readFile(file)).equals(expected)).toBe(true);
        const rehearsed = nullSink();
        await writeSteps(rehearsed, list);
        expect(await rehearsed.finish()).toBe(sha256);
      } finally {
        await handle.close();
      }
    }),
    { numRuns: 60 },
  );
});
