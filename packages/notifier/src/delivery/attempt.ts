/** What became of one try. */
export type AttemptResult =
  | {
      readonly kind: 'ok';
      /** `accepted`: taken over, but the sender can't see whether it arrived. */
      readonly status: 'delivered' | 'accepted';
      /** What the receiver calls it: a message id, an SMTP answer. */
      readonly receipt: string | null;
      /** Some of several recipients refused for good: they need people. */
      readonly refused: readonly string[];
    }
  | {
      readonly kind: 'transient';
      readonly reason: string;
      /** How long the server asked to be left alone, ms; null where it did not say. */
      readonly hintMs: number | null;
      /** It may have arrived all the same: the answer was cut off. */
      readonly isAmbiguous: boolean;
      readonly refused: readonly string[];
      /** Digests of the recipients still to be served; null: all. */
      readonly waiting: readonly string[] | null;
      /** The caller's signal, not the server, ended it. */
      readonly isCancelled?: true;
      /** Nothing was sent: the channel is being left alone. Not a try. */
      readonly isHeld?: true;
      /** A certificate or TLS: waits as all that is transient, and needs people meanwhile. */
      readonly isConfig?: true;
    }
  | {
      readonly kind: 'permanent';
      readonly reason: string;
      /** The address itself is gone: this process must not post to it again. */
      readonly isGone: boolean;
      readonly refused: readonly string[];
    };

/** A try that did not succeed. */
export type FailedAttempt = Exclude<AttemptResult, { kind: 'ok' }>;

/** A transient result with everything that is not said left at its usual value. */
export const transient = (
  reason: string,
  more: {
    readonly hintMs?: number | null;
    readonly isAmbiguous?: boolean;
    readonly waiting?: readonly string[] | null;
    readonly refused?: readonly string[];
    readonly isCancelled?: true;
    readonly isHeld?: true;
    readonly isConfig?: true;
  } = {},
): FailedAttempt => ({
  kind: 'transient',
  reason,
  hintMs: more.hintMs ?? null,
  isAmbiguous: more.isAmbiguous ?? false,
  refused: more.refused ?? [],
  waiting: more.waiting ?? null,
  ...(more.isCancelled ? { isCancelled: true } : {}),
  ...(more.isHeld ? { isHeld: true } : {}),
  ...(more.isConfig ? { isConfig: true } : {}),
});

/** A permanent result. */
export const permanent = (
  reason: string,
  more: { readonly isGone?: boolean; readonly refused?: readonly string[] } = {},
): FailedAttempt => ({
  kind: 'permanent',
  reason,
  isGone: more.isGone ?? false,
  refused: more.refused ?? [],
});

/** A success. */
export const succeeded = (
  status: 'delivered' | 'accepted',
  receipt: string | null = null,
  refused: readonly string[] = [],
): AttemptResult => ({ kind: 'ok', status, receipt, refused });
