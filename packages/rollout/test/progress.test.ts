import { expect, it } from 'vitest';
import { createOutput } from '../src/words/output.ts';
import { paceOf, progressLine, showProgress } from '../src/words/progress.ts';

const at = (bytes: number, phase: 'write' | 'verify' = 'write') => ({
  phase,
  bytes,
  totalBytes: 480e6,
  entries: 1,
  totalEntries: 2,
  entry: 'images/1.jpg',
});

it('tells rate and time left from what is done', () => {
  expect(paceOf(at(120e6), 1000)).toEqual({ percent: 25, bytesPerSecond: 120e6, leftMs: 3000 });
  expect(paceOf(at(0), 1000)).toEqual({ percent: 0, bytesPerSecond: 0, leftMs: null });
  expect(paceOf({ bytes: 0, totalBytes: 0 }, 0)).toMatchObject({ percent: 100 });
  const line = progressLine(at(120e6), paceOf(at(120e6), 1000), true);
  expect(line).toBe(
    'writing  [######------------------]   25 %  120.0 MB of 480.0 MB  120.0 MB/s  3.0 s left',
  );
});

/** What a command that does 240 steps of 100 ms shows, by where its words go. */
const shownOn = ({ json = false, isTTY = false, columns = 60 }) => {
  let out = '';
  let err = '';
  let now = 0;
  const output = createOutput(
    {
      stdout: {
        write: (text) => {
          out += text;
        },
        isTTY,
        columns,
      },
      stderr: {
        write: (text) => {
          err += text;
        },
        isTTY,
      },
    },
    { json, verbose: false, env: {} },
  );
  const progress = showProgress({
    output,
    clock: { now: () => now, sleep: async () => undefined },
  });
  for (let step = 1; step <= 240; step += 1) {
    progress.show(at(step * 1e6, step <= 200 ? 'write' : 'verify'));
    now += 100;
  }
  progress.end();
  return { out, err };
};

it('draws a bar on a terminal, no wider than it, and leaves its line empty', () => {
  const { out, err } = shownOn({ isTTY: true });
  const frames = out.split('\r\u001b[2K');
  expect(frames.length).toBeGreaterThan(200);
  expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThan(60);
  expect(frames.at(-1)).toBe('');
  expect(err).toBe('');
});

it('draws the whole line where the terminal does not know its width', () => {
  expect(shownOn({ isTTY: true, columns: 0 }).out).toMatch(/\[#+-+\].* left/);
});

it('prints a line every ten seconds where nobody watches: what is quick says nothing', () => {
  const { out } = shownOn({});
  expect(out.trimEnd().split('\n')).toEqual([expect.stringMatching(/^writing +21 % {2}/)]);
});

it('gives programs an event a second on stdout, and people nothing', () => {
  const { out, err } = shownOn({ json: true, isTTY: true });
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.length).toBe(19 + 3);
  expect(events[0]).toMatchObject({
    type: 'progress',
    phase: 'write',
    totalBytes: 480e6,
    elapsedMs: 1000,
  });
  expect(events.at(-1)).toMatchObject({ phase: 'verify' });
  expect(err).toBe('');
});

it('tells the rate of a phase anew after an end, whatever came before it', () => {
  let out = '';
  let now = 0;
  const write = (text: string) => {
    out += text;
  };
  const streams = { stdout: { write }, stderr: { write: () => undefined } };
  const output = createOutput(streams, { json: true, verbose: false, env: {} });
  const clock = { now: () => now, sleep: async () => undefined };
  const progress = showProgress({ output, clock });
  progress.show(at(0, 'verify'));
  progress.end();
  now = 100_000;
  progress.show(at(0, 'verify'));
  now = 102_000;
  progress.show(at(240e6, 'verify'));
  expect(JSON.parse(out)).toMatchObject({ bytesPerSecond: 120e6, leftMs: 2000 });
});
