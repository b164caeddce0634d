const brand = Symbol.for('@dhash/example-service/error');

/** What went wrong, for programs. `picture-…` is the sender's fault, the rest is ours or the operator's. */
export type ServiceErrorCode =
  | 'picture-unreadable'
  | 'picture-unsupported'
  | 'configuration'
  | 'data-missing'
  | 'schema-missing'
  | 'name-taken'
  | 'port-in-use'
  | 'not-started'
  | 'other-release-running'
  | 'not-stopped';

/** The one error that this service throws on purpose. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly [brand] = true;
  readonly code: ServiceErrorCode;

  /** @param message what failed, what was expected, what was got, what to do */
  constructor(code: ServiceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** True for a {@link ServiceError} of any copy of this module: each built release bundles its own. */
export const isServiceError = (error: unknown): error is ServiceError =>
  typeof error === 'object' && error !== null && brand in error;

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
