import { createHash } from 'node:crypto';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { type LogHead, openSampleLog, sampleLogSha256 } from '../src/index.ts';

const startMs = Date.UTC(2026, 10, 24, 2, 0, 0);
const sampleAt = (seconds: number) => ({ at: startMs + seconds * 1000, health: { ok: true } });
const lineAt = (seconds: number): string => `${JSON.stringify(sampleAt(seconds))}\n`;

/** A log with polls at 0, 30, 60 s and its head after each. */
const written = async () => {
  const file = join(await tempFolder(), 'samples.ndjson');
  const { log } = await openSampleLog(file);
  const heads: LogHead[] = [log.head()];
  for (const seconds of [0, 30, 60]) {
    await log.append(sampleAt(seconds));
    heads.push(log.head());
  }
  await log.close();
  return { file, heads };
};

describe('the head of a log', () => {
  it('is the hash of the file and the count of its lines, after each line', async () => {
    const { file, heads } = await written();
    const bytes = await readFile(file);
    const lines = bytes.toString('utf8').split(/(?<=\n)/);
    for (const [count, head] of heads.entries())
      expect(head).toEqual({
        lines: count,
        sha256: createHash('sha256').update(lines.slice(0, count).join('')).digest('hex'),
      });
    expect(heads.at(-1)?.sha256).toBe(await sampleLogSha256(file));
  });

  it('goes on over a resume, without the torn line that is cut off', async () => {
    const { file } = await written();
    await appendFile(file, '{"at":17');
    const { log } = await openSampleLog(file);
    await log.append(sampleAt(90));
    expect(log.head()).toEqual({ lines: 4, sha256: await sampleLogSha256(file) });
    await log.close();
  });

  it('does not count a line that could not be written', async () => {
    const { file } = await written();
    const { log } = await openSampleLog(file);
    await log.close();
    await expect(log.append(sampleAt(90))).rejects.toThrow();
    expect(log.head()).toEqual({ lines: 3, sha256: await sampleLogSha256(file) });
  });
});

describe('a log that is resumed', () => {
  const nowMs = startMs + 100_000;

  it('goes on where it is what the record says, and one line more', async () => {
    const { file, heads } = await written();
    for (const recorded of [3, 2])
      await expect(
        openSampleLog(file, { head: heads[recorded] ?? null, nowMs }).then(({ log }) =>
          log.close(),
        ),
      ).resolves.toBeUndefined();
  });

  it.each([
    [
      'a line more than may be',
      1,
      async () => undefined,
      /2 lines follow what is on record, at most 1/,
    ],
    [
      'a line less',
      3,
      (file: string) => writeFile(file, lineAt(0)),
      /holds 1 lines, the record says 3/,
    ],
    [
      'a line changed',
      3,
      async (file: string) =>
        writeFile(file, (await readFile(file, 'utf8')).replace('"ok":true', '"ok":null')),
      /first 3 lines have SHA-256 .* another hand changed them/,
    ],
  ] as const)('is refused, unchanged: %s', async (_, recorded, change, message) => {
    const { file, heads } = await written();
    await change(file);
    const before = await readFile(file);
    await expect(
      openSampleLog(file, { head: heads[recorded] ?? null, nowMs }),
    ).rejects.toMatchObject({
      code: 'log-changed',
      message: expect.stringMatching(message),
    });
    expect(await readFile(file)).toEqual(before);
  });

  it('is refused where a line lies in the future, with or without a record', async () => {
    const { file, heads } = await written();
    await appendFile(file, lineAt(103));
    for (const head of [heads[3] ?? null, null])
      await expect(openSampleLog(file, { head, nowMs })).rejects.toMatchObject({
        code: 'log-from-future',
        data: { line: 4 },
      });
    const { log } = await openSampleLog(file, { head: heads[3] ?? null, nowMs: nowMs + 1000 });
    await log.close();
  });

  it('is not, where the clock was set back: what is on record is trusted, and a poll after it', async () => {
    const { file, heads } = await written();
    await appendFile(file, lineAt(90));
    const { log } = await openSampleLog(file, { head: heads[3] ?? null, nowMs: nowMs - 3_600_000 });
    await log.close();
    await appendFile(file, lineAt(3600));
    await expect(
      openSampleLog(file, { head: heads[3] ?? null, nowMs: nowMs - 3_600_000, mostUnrecorded: 9 }),
    ).rejects.toMatchObject({ code: 'log-from-future' });
  });

  it('of format 1 is read for good and not gone on with', async () => {
    const { file } = await written();
    await writeFile(file, (await readFile(file, 'utf8')).replace('"format":2', '"format":1'));
    await expect(openSampleLog(file)).rejects.toMatchObject({
      code: 'unknown-format',
      message: expect.stringContaining('sums by name'),
    });
  });
});
