/** One thing wrong in a configuration file, and where. */
export interface ConfigIssue {
  readonly file: string;
  /** From 1; 0 where the file itself can't be read. */
  readonly line: number;
  /** Likewise. */
  readonly column: number;
  /** `environments.production.health.path`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong. Never holds the value of a variable. */
  readonly message: string;
  /** What would be right, where that can be said. */
  readonly hint: string | null;
}

/** A rollout.yaml that cannot be used. All that is wrong with it, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'config';
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[], options: { cause?: unknown } = {}) {
    super(issues.map(formatIssue).join('\n'), options);
    this.issues = issues;
  }
}

const formatIssue = ({ file, line, column, path, message, hint }: ConfigIssue): string =>
  `${file}${line === 0 ? '' : `:${line}:${column}`}${path === '' ? '' : ` ${path}`}: ${message}${hint === null ? '' : `; ${hint}`}`;

/** True for a ConfigError of any copy of this package. */
export const isConfigError = (error: unknown): error is ConfigError =>
  error instanceof Error && error.name === 'ConfigError' && 'issues' in error;
