import type { VerdictChange, WatchEvent } from '@dhash/monitor';
import type { RunEvent } from '../record/events.ts';
import type { Recorder } from '../record/recorder.ts';
import type { ImpairedLog } from './impaired-log.ts';

/** Polls between two entries of the record that seal the samples so far. */
export const sealEvery = 10;

/** A verdict's change as an event: the journal's own `at` is when it was written, not the sample's. */
const verdictEvent = ({
  type,
  at,
  gate,
  from,
  to,
  sentence,
}: VerdictChange): RunEvent<'verdict.changed'> => ({
  ...{ type, gate, from, to, sentence },
  sampleAt: at,
});

/**
 * Puts on the record what of a watch belongs there: changes, notices, and the hash of the samples with each change and
 * every few polls, so that a resume can tell whether the log is still the one that was written.
 */
export const noteOnRecord = async (
  recorder: Recorder,
  log: ImpairedLog,
  event: WatchEvent,
): Promise<void> => {
  const { lines, sha256 } = log.head();
  const seal = async () => {
    if (log.impaired() === null) await recorder.record({ type: 'samples.sealed', lines, sha256 });
  };
  switch (event.type) {
    case 'verdict.changed':
      await recorder.record(verdictEvent(event));
      return seal();
    case 'gate.blind':
      return recorder.record({ type: 'gate.blind', gate: event.gate, sentence: event.sentence });
    case 'clock.stepped':
      return recorder.record({ type: 'clock.stepped', ms: event.stepMs, sampleAt: event.at });
    case 'certificate.ended':
      return recorder.record({ type: 'certificate.ended', reason: event.reason });
    case 'poll':
    case 'missed':
      return lines % sealEvery === 0 ? seal() : undefined;
    case 'decided':
      return seal();
  }
};
