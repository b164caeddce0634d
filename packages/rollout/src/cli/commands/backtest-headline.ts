import type { BacktestIncident, BacktestRule } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import { formatDuration } from '../../words/format.ts';

const hourMs = 3_600_000;

const acts: Readonly<Record<WatchPolicy['onBreak'], string>> = {
  rollback: 'rolled back',
  freeze: 'frozen',
  alert: 'raised an alert in',
  advise: 'advised against',
};

const day = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** The backtest in a sentence or two: false alarms of each rule, and what became of the incidents. */
export const backtestHeadline = ({
  policy,
  everyMs,
  counts: [written, ...others],
  caught,
}: {
  readonly policy: WatchPolicy;
  readonly everyMs: number;
  /** The gates as written first. */
  readonly counts: readonly BacktestRule[];
  readonly caught: readonly BacktestIncident[];
}): string[] => {
  if (written === undefined || (written.watches === 0 && caught.length === 0))
    return ['nothing was recorded in that time: there is nothing to judge'];
  const what = everyMs === hourMs && policy.durationMs === hourMs ? 'hours' : 'watches';
  const alarms = [
    `these gates would have ${acts[policy.onBreak]} ${written.broke} quiet ${what} of ${written.watches}`,
    ...others.map(({ rule, broke }) => `with ${rule}: ${broke}`),
  ].join('; ');
  const mine = caught.filter(({ rule }) => rule === written.rule);
  if (mine.length === 0)
    return [alarms, 'no incident was named (--incident FROM/TO): all of that time counts as quiet'];
  const found = mine.flatMap(({ from, afterMs }) =>
    afterMs === null ? [] : [`the incident of ${day(from)} after ${formatDuration(afterMs)}`],
  );
  const missed = mine.flatMap(({ from, afterMs }) =>
    afterMs === null ? [`the incident of ${day(from)}`] : [],
  );
  return [
    [
      alarms,
      ...(found.length > 0 ? [`and caught ${listed(found)}`] : []),
      ...(missed.length > 0 ? [`and missed ${listed(missed)}`] : []),
    ].join('; '),
  ];
};
