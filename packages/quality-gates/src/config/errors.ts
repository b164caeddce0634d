import { GatesError, type GatesErrorCode, isGatesError } from '../errors.ts';

/** One thing that is wrong in a gates file. */
export type ConfigIssue = {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `environments.production.qualityGates.p95HashTime.threshold`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What would be right; `null` where there is nothing to guess. */
  readonly hint: string | null;
};

const issueText = ({ file, line, column, path, message, hint }: ConfigIssue): string =>
  `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}${hint === null ? '' : ` (${hint})`}`;

/** All that is wrong in a gates file, at once; its message has a line for each issue. */
export class GatesConfigError extends GatesError {
  override readonly name = 'GatesConfigError';
  readonly issues: readonly ConfigIssue[];

  constructor(code: GatesErrorCode, issues: readonly ConfigIssue[]) {
    super(code, issues.map(issueText).join('\n'));
    this.issues = issues;
  }

  static override [Symbol.hasInstance](error: unknown): boolean {
    return isGatesConfigError(error);
  }
}

/** By brand and name, so that two copies of the package agree. */
export const isGatesConfigError = (error: unknown): error is GatesConfigError =>
  isGatesError(error) && error.name === 'GatesConfigError';
