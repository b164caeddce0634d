import type { WatchEvent } from '../watch/watch-event.ts';
import { formatDuration, formatValue, plain, verdictWords } from './format.ts';
import { noticeText } from './notice-text.ts';

const clockText = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

/**
 * An event as one plain line, for a log or a pipe:
 * `2026-11-24T02:30:00Z +1:30 health OK 12 ms | p95HashTime 812 ms pass | continue | next 02:30:30Z`.
 */
export const renderEventLine = (
  event: WatchEvent,
  { startedAt }: { readonly startedAt: number },
): string => {
  if (event.type === 'verdict.changed') {
    const from = event.from === null ? '' : `${verdictWords[event.from]} → `;
    return `${clockText(event.at)} ${plain(event.gate)}: ${from}${verdictWords[event.to]}: ${plain(event.sentence)}`;
  }
  if (event.type === 'decided')
    return `${clockText(event.assessment.at)} decided: ${event.decision}`;
  if (event.type !== 'poll' && event.type !== 'missed')
    return `${clockText(event.at)} ${noticeText(event)}`;
  const { at } = event.sample;
  const when = `${clockText(at)} +${formatDuration(at - startedAt)}`;
  if (event.type === 'missed') return `${when} missed: ${event.sample.missed}`;
  const { health } = event.sample;
  const word = health.ok === null ? 'not known' : health.ok ? 'OK' : 'NOT OK';
  const parts = [
    `health ${word}${health.ms === undefined ? '' : ` ${health.ms} ms`}${
      health.reason === undefined ? '' : ` (${plain(health.reason)})`
    }`,
    ...(event.sample.metricsError === undefined
      ? []
      : [`no metrics (${plain(event.sample.metricsError)})`]),
    ...(event.sample.doubts ?? []).map((doubt) => `odd: ${plain(doubt)}`),
    ...Object.entries(event.assessment.gates).map(
      ([gate, { value, unit, verdict }]) =>
        `${plain(gate)} ${formatValue(value, unit)} ${verdictWords[verdict]}`,
    ),
    event.assessment.decision,
    ...(event.nextAt === null ? [] : [`next ${clockText(event.nextAt).slice(11)}`]),
  ];
  return `${when} ${parts.join(' | ')}`;
};
