import type { RecordedEvent } from '../record/events.ts';

/** A time in which this run had the service stopped. */
export interface DownSpan {
  readonly fromMs: number;
  /** `null`: it was not seen to be well since. */
  readonly toMs: number | null;
}

const begins = (event: RecordedEvent): boolean =>
  (event.type === 'step.started' && event.step === 'stop') || event.type === 'service.stopped';

/** Seen to be well again; an undone stop started what ran before. */
const ends = (event: RecordedEvent): boolean =>
  (event.type === 'step.done' && event.step === 'health') ||
  (event.type === 'step.undone' && event.step === 'stop') ||
  event.type === 'service.started';

/** From the start of each stop to the first health step that was done after it. Pure. */
export const downSpans = (events: readonly RecordedEvent[]): readonly DownSpan[] => {
  const spans: DownSpan[] = [];
  let fromMs: number | null = null;
  for (const event of events) {
    if (fromMs === null && begins(event)) fromMs = Date.parse(event.at);
    else if (fromMs !== null && ends(event)) {
      spans.push({ fromMs, toMs: Date.parse(event.at) });
      fromMs = null;
    }
  }
  return fromMs === null ? spans : [...spans, { fromMs, toMs: null }];
};

/** All of it, ms; `null`: it is not known to have ended. */
export const downMs = (spans: readonly DownSpan[]): number | null =>
  spans.reduce<number | null>(
    (sum, { fromMs, toMs }) => (sum === null || toMs === null ? null : sum + toMs - fromMs),
    0,
  );
