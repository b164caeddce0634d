const brand = Symbol.for('@dhash/journal/JournalError');

/** What went wrong; one literal a case, safe to switch on. */
export type JournalErrorCode =
  | 'broken'
  | 'unknown-format'
  | 'head-differs'
  | 'bad-head'
  | 'not-json'
  | 'append-failed'
  | 'overtaken'
  | 'closed'
  | 'bad-lock'
  | 'no-right'
  | 'unknown-step';

/** Every error of this package. `message` says what failed, what was expected, what was got, what to do. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly [brand] = true;
  readonly code: JournalErrorCode;
  /** Plain facts of the case: file, line, … */
  readonly data: Readonly<Record<string, string | number | null>>;

  constructor(
    code: JournalErrorCode,
    message: string,
    data: Record<string, string | number | null> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** True for a `JournalError` of any copy of this package (by brand, not by `instanceof`). */
export const isJournalError = (error: unknown): error is JournalError =>
  typeof error === 'object' && error !== null && brand in error;
