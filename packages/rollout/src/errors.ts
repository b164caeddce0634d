import { messageOf as textOf } from '@dhash/basics/message-of';
import { missingRightOf } from '@dhash/journal';

/** What each exit code of `dhash-rollout` means; the table is in the README. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  inconclusive: 3,
  rolledBack: 4,
  brokenNotRolledBack: 5,
  rollbackNotValidated: 6,
  busy: 7,
  notVerified: 8,
  unexpected: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command that could not do what was asked, with the exit code its caller sees. */
export class RolloutError extends Error {
  override readonly name = 'RolloutError';
  readonly code: string;
  readonly exit: ExitCode;
  /** Commands or changes that a person can try next, one a line. */
  readonly hints: readonly string[];

  constructor(
    code: string,
    exit: ExitCode,
    message: string,
    options: { hints?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.exit = exit;
    this.hints = options.hints ?? [];
  }
}

/** True for a RolloutError of any copy of this package. */
export const isRolloutError = (error: unknown): error is RolloutError =>
  error instanceof Error && error.name === 'RolloutError' && 'exit' in error;

/** The text of anything thrown; of a right that is missing, which one, and who could give it. */
export const messageOf = (error: unknown): string => missingRightOf(error) ?? textOf(error);

/** Whether the system said that a file, folder or program is not there. */
export const isNotThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
