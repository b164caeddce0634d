/** What can go wrong by a caller's mistake. Samples never throw: a bad one is refused by name. */
export type GatesErrorCode =
  | 'bad-config'
  | 'unknown-environment'
  | 'unknown-gate'
  | 'bad-policy'
  | 'bad-selector'
  | 'not-expressible';

const brand = Symbol.for('@dhash/quality-gates/error');

/** The one error class of this package. `code` says which promise was broken. */
export class GatesError extends Error {
  override readonly name: string = 'GatesError';
  readonly code: GatesErrorCode;
  readonly [brand] = true;

  constructor(code: GatesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** By brand: each entry of the package, and each copy of it, has a class of its own. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return isGatesError(error);
  }
}

/** By brand, so that two copies of the package agree. */
export const isGatesError = (error: unknown): error is GatesError =>
  typeof error === 'object' && error !== null && brand in error;
