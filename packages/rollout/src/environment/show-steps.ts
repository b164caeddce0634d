import type { RecordedEvent } from '../record/events.ts';
import type { Output } from '../words/output.ts';

const duration = (ms: number): string =>
  ms < 1000 ? ` (${Math.round(ms)} ms)` : ` (${(ms / 1000).toFixed(1)} s)`;

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** Steps that change nothing of the service: that they are "undone" is the record's word, not news. */
const onlyLooks = (step: string): boolean =>
  step === 'health' ||
  step === 'smoke' ||
  step === 'verify' ||
  step.startsWith('drill') ||
  step.startsWith('backup');

const shown = (event: RecordedEvent): string | null => {
  switch (event.type) {
    case 'step.started':
      return `  … ${event.step}`;
    case 'step.done':
      return `  ✓ ${event.step}${duration(event.ms)}${detailOf(event)}`;
    case 'step.failed':
      return `  ✗ ${event.step}: ${firstLine(event.error)}`;
    case 'step.undone':
      return onlyLooks(event.step) ? null : `  ↶ ${event.step} undone`;
    default:
      return null;
  }
};

const wayBackDetail = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'answer' in value && value.answer === 'proven'
    ? '; going back needs no data: proven'
    : '';

/** The one fact of a step that its reader wants at once. */
const detailOf = ({ step, data }: RecordedEvent<'step.done'>): string => {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return '';
  const { file, sha256, totalMs, started } = data;
  if (step.startsWith('drill') && typeof totalMs === 'number')
    return `  restored${typeof started === 'string' ? `, release ${started} started and tested on it,` : ''} in ${(totalMs / 1000).toFixed(1)} s${wayBackDetail(data['wayBack'])}`;
  if (typeof file === 'string' && typeof sha256 === 'string')
    return `  ${file}  sha256 ${sha256.slice(0, 12)}…`;
  return '';
};

/** Shows a run's steps as they go on the record: a line each for people, the event itself in `--json`. */
export const showSteps =
  (output: Output) =>
  (event: RecordedEvent): void => {
    output.event(event);
    const line = shown(event);
    if (line === null) return;
    if (event.type === 'step.started') output.detail(line);
    else output.line(line);
  };
