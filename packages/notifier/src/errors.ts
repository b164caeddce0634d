/** What went wrong, for a caller that decides by it. */
export type NotifierErrorCode =
  /** A channel's configuration can't be used. */
  | 'bad-config'
  /** A message breaks its own shape (id, severity, link). */
  | 'bad-message'
  /** A template file, or its use, is wrong. */
  | 'bad-template'
  /** A channel that nobody configured was asked for. */
  | 'unknown-channel'
  /** A secret or certificate can't be read: both or neither of value and file, unreadable or empty file. */
  | 'bad-secret'
  /** A dead message that was asked for does not exist. */
  | 'unknown-message';

const brand = Symbol.for('@dhash/notifier.error');

/**
 * Thrown for broken promises only (bad arguments, bad configuration). A delivery that failed is not
 * an error: it is a {@link Receipt}. No message, property or `cause` of it ever holds a secret.
 */
export class NotifierError extends Error {
  override readonly name: string = 'NotifierError';
  readonly code: NotifierErrorCode;
  readonly [brand] = true;

  constructor(code: NotifierErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Whether a value is a {@link NotifierError}, of this or another copy of the package. */
export const isNotifierError = (value: unknown): value is NotifierError =>
  typeof value === 'object' && value !== null && brand in value;

/** One mistake in a template file; line and column count from 1. */
export interface TemplateIssue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A template that can't be used; `file`, `line` and `column` are those of the first of `issues`. */
export class TemplateError extends NotifierError {
  override readonly name = 'TemplateError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly issues: readonly TemplateIssue[];

  constructor(issues: readonly [TemplateIssue, ...TemplateIssue[]]) {
    super(
      'bad-template',
      issues
        .map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
        .join('\n'),
    );
    const [first] = issues;
    this.file = first.file;
    this.line = first.line;
    this.column = first.column;
    this.issues = issues;
  }
}

/** Whether a value is a {@link TemplateError}. */
export const isTemplateError = (value: unknown): value is TemplateError =>
  isNotifierError(value) && value.name === 'TemplateError';
