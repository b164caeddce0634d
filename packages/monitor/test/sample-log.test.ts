import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sample } from '@dhash/quality-gates';
import { tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSampleLog, readSampleLog, sampleLogSha256 } from '../src/index.ts';

const samples: Sample[] = [
  { at: 1_764_000_000_000, health: { ok: true, status: 200, ms: 12 }, metrics: { p95: 812 } },
  { at: 1_764_000_030_000, missed: 'asleep' },
  { at: 1_764_000_060_000, health: { ok: null, reason: 'é\n"' } },
];

const write = async (file: string, list: readonly Sample[]) => {
  const { log, past, tornBytes } = await openSampleLog(file);
  for (const sample of list) await log.append(sample);
  await log.close();
  return { past, tornBytes };
};

describe('a log', () => {
  it('holds one sample a line, the format in the first, for the owner only', async () => {
    const file = join(await tempFolder(), 'run', 'samples.ndjson');
    expect(await write(file, samples)).toEqual({ past: [], tornBytes: 0 });
    const lines = (await readFile(file, 'utf8')).split('\n');
    expect(lines.map((line) => (line === '' ? null : JSON.parse(line)))).toEqual([
      { format: 2, ...samples[0] },
      samples[1],
      samples[2],
      null,
    ]);
    if (process.platform !== 'win32') {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
    }
    expect((await write(file, [samples[1] as Sample])).past).toEqual(samples);
    expect((await readSampleLog(file)).samples).toEqual([...samples, samples[1]]);
  });

  it('cuts a line torn at any byte off, and goes on behind the whole ones', async () => {
    const folder = await tempFolder();
    const whole = join(folder, 'whole.ndjson');
    await write(whole, samples);
    const bytes = await readFile(whole);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (cut) => {
        const file = join(folder, `${cut}.ndjson`);
        await writeFile(file, bytes.subarray(0, cut));
        const survived = bytes.subarray(0, cut).toString('latin1').split('\n').length - 1;
        const { past } = await write(file, samples.slice(survived));
        expect(past).toEqual(samples.slice(0, survived));
        expect(await readFile(file)).toEqual(bytes);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the order of appends that were not awaited', async () => {
    const file = join(await tempFolder(), 'samples.ndjson');
    const { log } = await openSampleLog(file);
    await Promise.all(samples.map((sample) => log.append(sample)));
    await log.close();
    expect((await readSampleLog(file)).samples).toEqual(samples);
  });

  it('writes nothing more once a write has failed', async () => {
    const file = join(await tempFolder(), 'samples.ndjson');
    const { log } = await openSampleLog(file);
    await log.close();
    await expect(log.append({ at: 1, missed: 'asleep' })).rejects.toThrow();
    await expect(log.append({ at: 2, missed: 'asleep' })).rejects.toMatchObject({
      code: 'log-broken',
    });
    expect(await readFile(file, 'utf8')).toBe('');
  });

  it('has the hash of its bytes', async () => {
    const file = join(await tempFolder(), 'samples.ndjson');
    await writeFile(file, 'abc');
    expect(await sampleLogSha256(file)).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('passes a file on that can not be opened', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'samples.ndjson'));
    await chmod(folder, 0o700);
    await expect(openSampleLog(join(folder, 'samples.ndjson'))).rejects.toMatchObject({
      code: 'EISDIR',
    });
  });
});

describe('a whole line that is no sample', () => {
  const good = '{"format":1,"at":1}';
  it.each([
    ['{"at":1', /not a line of JSON/],
    ['', /not a line of JSON/],
    ['7', /expected a JSON object/],
    ['{"missed":"asleep"}', /expected "at"/],
    ['{"at":"yesterday"}', /expected "at"/],
    ['{"at":1,"missed":"tired"}', /one of: asleep, overrun, not running/],
    ['{"at":1,"health":true}', /"health" to be an object/],
    ['{"at":1,"health":{"ok":"yes"}}', /"health.ok" to be true, false or null/],
    ['{"at":1,"metrics":[1]}', /"metrics" to be an object/],
  ])('%s is an error that names it, and the file stays as it is', async (line, message) => {
    const file = join(await tempFolder(), 'samples.ndjson');
    const text = `${good}\n${line}\n{"at":3}\n{"at`;
    await writeFile(file, text);
    for (const read of [openSampleLog, readSampleLog]) {
      await expect(read(file)).rejects.toMatchObject({
        code: 'bad-sample-log',
        message: expect.stringMatching(message),
        data: { file, line: 2 },
      });
      await expect(read(file)).rejects.toThrow(`${file}:2: `);
    }
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('of a format that it does not know is refused by name', async () => {
    const file = join(await tempFolder(), 'samples.ndjson');
    await writeFile(file, '{"format":3,"at":1}\n');
    await expect(openSampleLog(file)).rejects.toMatchObject({
      code: 'unknown-format',
      message: expect.stringContaining(`${file}:1: format 3, this version reads formats 1 and 2`),
    });
  });

  it('hand-written samples without a format are read', async () => {
    const file = join(await tempFolder(), 'samples.ndjson');
    await writeFile(file, '{"at":"2026-11-24T02:00:00Z","health":{"ok":true}}\n');
    expect((await readSampleLog(file)).samples).toEqual([
      { at: '2026-11-24T02:00:00Z', health: { ok: true } },
    ]);
  });
});
