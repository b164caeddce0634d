const brand = Symbol.for('@dhash/rollback/RollbackError');

/** What went wrong; one literal a case, safe to switch on. */
export type RollbackErrorCode =
  /** The backup fails a check of its own, or is incomplete; `cause` is backup-core's error. */
  | 'backup-refused'
  | 'wrong-service'
  | 'wrong-environment'
  /** The backup's sources are not the configured ones. */
  | 'other-sources'
  /** The release that would run can't read the backup's data. */
  | 'unreadable-data'
  /** Something is in the way where the data is live: a mount, a session, a right, room. */
  | 'cannot-put-back'
  /** The file is not the one that was verified for this plan. */
  | 'backup-changed'
  /** An earlier rollback of this run was cut off within its swap. */
  | 'unfinished-swap'
  /** What was put aside was zipped and removed: there is nothing left to swap back. */
  | 'already-cleaned'
  | 'not-healthy'
  | 'smoke-failed'
  | 'safety-incomplete';

/** Every error of this package. `message` says what failed, what was expected, what was got, what to do. */
export class RollbackError extends Error {
  override readonly name = 'RollbackError';
  readonly [brand] = true;
  readonly code: RollbackErrorCode;
  /** Plain facts of the case. */
  readonly data: Readonly<Record<string, string | number | null>>;

  constructor(
    code: RollbackErrorCode,
    message: string,
    data: Record<string, string | number | null> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** True for a `RollbackError` of any copy of this package (by brand, not by `instanceof`). */
export const isRollbackError = (error: unknown): error is RollbackError =>
  typeof error === 'object' && error !== null && brand in error;
