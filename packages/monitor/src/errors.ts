const brand = Symbol.for('@dhash/monitor/MonitorError');

/** What went wrong; one literal a case, safe to switch on. */
export type MonitorErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'bad-status'
  | 'too-large'
  | 'bad-metrics'
  | 'bad-options'
  | 'bad-sample-log'
  | 'log-changed'
  | 'log-from-future'
  | 'unknown-format'
  | 'log-broken';

/** Every error of this package. `message` says what failed, what was expected, what was got. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
  readonly [brand] = true;
  readonly code: MonitorErrorCode;
  /** Plain facts of the case: file, line, status, … */
  readonly data: Readonly<Record<string, string | number | null>>;

  constructor(
    code: MonitorErrorCode,
    message: string,
    data: Record<string, string | number | null> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.data = data;
  }
}

/** True for a `MonitorError` of any copy of this package (by brand, not by `instanceof`). */
export const isMonitorError = (error: unknown): error is MonitorError =>
  typeof error === 'object' && error !== null && brand in error;
