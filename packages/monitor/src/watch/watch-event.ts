import type { Assessment, Decision, MissedPoll } from '@dhash/quality-gates';
import type { TakenSample } from '../sample/take-sample.ts';
import type { VerdictChange } from './verdict-changes.ts';

/** A poll that was made, or one that could not be. */
export type PollEvent =
  | {
      readonly type: 'poll';
      readonly sample: TakenSample;
      readonly assessment: Assessment;
      /** When the next poll is due; `null` after the last. */
      readonly nextAt: number | null;
    }
  | {
      readonly type: 'missed';
      readonly sample: MissedPoll & { readonly at: number };
      readonly assessment: Assessment;
      readonly nextAt: number | null;
    };

/** Something that a person should know and that decides nothing. `at`: due time of the poll at which it showed, ms since the epoch. */
export type WatchNotice =
  /** The machine's wall clock was set, by this many ms. Due times run on another clock. */
  | { readonly type: 'clock.stepped'; readonly stepMs: number; readonly at: number }
  /** A gate can't be judged any more; told once a gate. */
  | {
      readonly type: 'gate.blind';
      readonly gate: string;
      readonly sentence: string;
      readonly at: number;
    }
  /** The certificate of the service's address has ended; told once. A rollback would not mend it. */
  | { readonly type: 'certificate.ended'; readonly reason: string; readonly at: number };

/** How a watch ended, or where it stopped. */
export type WatchOutcome = {
  /** `interrupted` and `stood-down` (aborted with {@link STAND_DOWN}) can be resumed; nothing was decided. */
  readonly decision: Exclude<Decision, 'continue'> | 'interrupted' | 'stood-down';
  /** The newest; of a watch aborted before its first poll, that of no sample at all. */
  readonly assessment: Assessment;
  /** Lines in the log, missed polls among them. */
  readonly samples: number;
};

/** The watch has come to its decision. What acts on it acts now; reports are written after. */
export type Decided = WatchOutcome & {
  readonly type: 'decided';
  readonly decision: Exclude<Decision, 'continue'>;
};

/** What a watch tells while it runs. Each is yielded after its sample is durable in the log. */
export type WatchEvent = PollEvent | VerdictChange | WatchNotice | Decided;

/** Abort a watch with this reason, and its outcome is `stood-down`: another took the run over. */
export const STAND_DOWN = 'stand-down';
