import type { Measured } from './measure-process.ts';

/** One program at one piece of work, once. */
export interface Result extends Measured {
  readonly work: string;
  readonly who: string;
  /** Most of this program's time that ours may take. */
  readonly aim?: number | undefined;
  /** Size of what it made. */
  readonly megabytes: number | null;
}

/** Name of the rows that the others are compared with. */
export const OURS = 'ours';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

const COLUMNS = ['seconds', 'cpu s', 'MB', 'peak MB', 'ours / it', 'aim'] as const;

/** Medians of all rounds, each program's beside ours at the same work. */
export const renderTable = (results: readonly Result[]): string => {
  const rows = [...new Map(results.map((row) => [`${row.work}\0${row.who}`, row])).values()];
  const of = (work: string, who: string, pick: (result: Result) => number): number =>
    median(results.filter((row) => row.work === work && row.who === who).map(pick));
  const line = (work: string, who: string, cells: readonly string[]): string =>
    `${work.padEnd(24)}${who.padEnd(30)}${cells.map((cell) => cell.padStart(10)).join('')}`.trimEnd();
  const lines = [line('work', 'by', COLUMNS)];
  let shown = '';
  for (const { work, who, aim } of rows) {
    const seconds = of(work, who, (row) => row.seconds);
    const ratio = of(work, OURS, (row) => row.seconds) / seconds;
    const sizes = results.filter((row) => row.work === work && row.who === who);
    const sized = sizes.flatMap(({ megabytes }) => megabytes ?? []);
    lines.push(
      line(work === shown ? '' : work, who, [
        seconds.toFixed(2),
        of(work, who, (row) => row.cpuSeconds).toFixed(2),
        sized.length === 0 ? '' : median(sized).toFixed(1),
        Math.max(...sizes.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0),
        who === OURS ? '' : ratio.toFixed(2),
        aim === undefined ? '' : `${aim.toFixed(2)} ${ratio <= aim ? 'yes' : 'NO'}`,
      ]),
    );
    shown = work;
  }
  return lines.join('\n');
};
