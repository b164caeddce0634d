import type { Sample } from '@dhash/quality-gates';
import { type FakeClock, fakeClock } from '@dhash/testkit';
import type { Clock, SampleLog, WatchEvent, WatchOptions, WatchOutcome } from '../../src/index.ts';
import { watch } from '../../src/index.ts';
import { policyOf } from './gates.ts';

/** How a made service answers at a time, ms from the watch's start. */
export type Answers = {
  readonly ok?: (ms: number) => boolean | null;
  readonly queue?: (ms: number) => number;
  /** How long a poll at that time takes, ms. */
  readonly tookMs?: (ms: number) => number;
};

export const startedAt = Date.UTC(2026, 10, 24, 2, 0, 0);

/** A log in memory. */
export const memoryLog = (past: readonly Sample[] = []): SampleLog & { samples: Sample[] } => {
  const samples = [...past];
  return {
    samples,
    append: async (sample) => {
      samples.push(sample);
    },
    head: () => ({ lines: samples.length, sha256: '' }),
    close: async () => undefined,
  };
};

/** Probes of a made service on a fake clock. */
export const probesOf = (clock: FakeClock, { ok, queue, tookMs }: Answers) => ({
  health: {
    check: async () => {
      const ms = clock.now() - startedAt;
      clock.advance(tookMs?.(ms) ?? 0);
      const isOk = ok === undefined ? true : ok(ms);
      return isOk === true ? { ok: true } : { ok: isOk, reason: 'HTTP 503' };
    },
  },
  source: {
    read: async () => ({
      metrics: { low_confidence_queue_length: queue?.(clock.now() - startedAt) ?? 10 },
    }),
  },
});

export type Watched = {
  readonly events: WatchEvent[];
  readonly outcome: WatchOutcome;
  readonly samples: Sample[];
  readonly clock: FakeClock;
};

/** Runs a watch of a made service to its end, on a fake clock that begins `lateMs` after the start. */
export const runWatch = async (
  answers: Answers,
  options: Partial<Omit<WatchOptions, 'clock'>> & {
    readonly lateMs?: number;
    readonly clockOf?: (clock: FakeClock) => Clock;
    readonly onEvent?: (event: WatchEvent, clock: FakeClock) => void;
  } = {},
): Promise<Watched> => {
  const { lateMs = 0, clockOf, onEvent, ...more } = options;
  const clock = fakeClock(startedAt + lateMs);
  const log = memoryLog(more.past);
  const running = watch({
    policy: policyOf(),
    startedAt,
    ...probesOf(clock, answers),
    clock: clockOf?.(clock) ?? clock,
    log,
    past: [],
    signal: new AbortController().signal,
    ...more,
  });
  const events: WatchEvent[] = [];
  for (;;) {
    const next = await running.next();
    if (next.done) return { events, outcome: next.value, samples: log.samples, clock };
    events.push(next.value);
    onEvent?.(next.value, clock);
  }
};

/** `120`, `180 missed: asleep`: a log in seconds from the start. */
export const told = (samples: readonly Sample[]): string[] =>
  samples.map((sample) => {
    const seconds = (Number(sample.at) - startedAt) / 1000;
    return 'missed' in sample ? `${seconds} missed: ${sample.missed}` : String(seconds);
  });

/** Production's 39 polls, s. */
export const production = [
  ...Array.from({ length: 11 }, (_, index) => index * 30),
  ...Array.from({ length: 27 }, (_, index) => 420 + index * 120),
  3600,
];
