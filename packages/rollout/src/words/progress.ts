import type { Progress } from '@dhash/backup-core';
import type { Clock } from '../process/clock.ts';
import { formatBytes, formatDuration } from './format.ts';
import type { Output } from './output.ts';

/** How often it is shown, ms: a bar follows the eye, a log must stay readable, a program reads every second. */
const everyMs = { bar: 100, line: 10_000, event: 1000 } as const;

const PHASES: Readonly<Record<string, string>> = {
  copy: 'copying databases',
  write: 'writing',
  verify: 'verifying',
  stage: 'extracting',
};

/** How far a phase has come, and how fast. Bytes are plain bytes of the data. */
export interface Pace {
  readonly percent: number;
  readonly bytesPerSecond: number;
  /** `null` while nothing has been done to tell it from. */
  readonly leftMs: number | null;
}

/** The pace since a phase began, from what is done and what is to do. Pure. */
export const paceOf = (
  { bytes, totalBytes }: Pick<Progress, 'bytes' | 'totalBytes'>,
  elapsedMs: number,
): Pace => {
  const bytesPerSecond = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const left = Math.max(0, totalBytes - bytes);
  return {
    percent: totalBytes === 0 ? 100 : Math.min(100, (bytes / totalBytes) * 100),
    bytesPerSecond,
    leftMs: bytesPerSecond === 0 ? null : (left / bytesPerSecond) * 1000,
  };
};

const BAR_WIDTH = 24;

/** `writing  [#####-------]  42 %  210.0 MB of 480.0 MB  180.0 MB/s  1.5 s left` */
export const progressLine = (progress: Progress, pace: Pace, withBar: boolean): string => {
  const done = Math.round((pace.percent / 100) * BAR_WIDTH);
  return [
    PHASES[progress.phase] ?? progress.phase,
    ...(withBar ? [`[${'#'.repeat(done)}${'-'.repeat(BAR_WIDTH - done)}]`] : []),
    `${String(Math.floor(pace.percent)).padStart(3)} %`,
    `${formatBytes(progress.bytes)} of ${formatBytes(progress.totalBytes)}`,
    `${formatBytes(pace.bytesPerSecond)}/s`,
    pace.leftMs === null ? '' : `${formatDuration(pace.leftMs)} left`,
  ]
    .join('  ')
    .trimEnd();
};

/** Shows how far something has come while it runs. */
export interface ProgressView {
  readonly show: (progress: Progress) => void;
  /** Leaves the line of the bar empty for what comes next; a phase after it begins anew, whatever its name. */
  readonly end: () => void;
}

const CLEAR_LINE = '\r\u001b[2K';

/**
 * A bar where a terminal can be redrawn; one event a second in `--json` (`{"type":"progress",…}`); else a line
 * every ten seconds, so that what is quick says nothing.
 */
export const showProgress = ({
  output,
  clock,
}: {
  readonly output: Output;
  readonly clock: Clock;
}): ProgressView => {
  const kind = output.json ? 'event' : output.interactive ? 'bar' : 'line';
  let phase: Progress['phase'] | undefined;
  let startedMs = 0;
  let shownMs = 0;
  let isDrawn = false;
  return {
    show: (progress) => {
      const now = clock.now();
      if (progress.phase !== phase) {
        phase = progress.phase;
        startedMs = now;
        shownMs = now;
      }
      if (now - shownMs < everyMs[kind]) return;
      shownMs = now;
      const elapsedMs = now - startedMs;
      const pace = paceOf(progress, elapsedMs);
      if (kind === 'event') output.event({ type: 'progress', ...progress, ...pace, elapsedMs });
      else if (kind === 'line') output.line(progressLine(progress, pace, false));
      else {
        const line = progressLine(progress, pace, true);
        output.write(CLEAR_LINE + line.slice(0, Math.max(20, output.width - 1)));
        isDrawn = true;
      }
    },
    end: () => {
      if (isDrawn) output.write(CLEAR_LINE);
      isDrawn = false;
      phase = undefined;
    },
  };
};
