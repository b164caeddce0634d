/** A pair of SQL files `NNN_name.up.sql`, `NNN_name.down.sql`, read and hashed. */
export interface Migration {
  /** NNN as a number, from 1. */
  readonly version: number;
  readonly name: string;
  readonly up: string;
  /** `null`: there is no down file, so this one can't be taken back by SQL. */
  readonly down: string | null;
  /** SHA-256 of the up file's bytes, lower-case hex. */
  readonly checksum: string;
  /** SHA-256 of the down file's bytes; `null` where there is none. */
  readonly downChecksum: string | null;
}

/** What a migrations folder holds: the well-formed, by version, and what is wrong with the rest. */
export interface MigrationSet {
  readonly migrations: readonly Migration[];
  readonly problems: readonly MigrationProblem[];
}

/** A row of `schema_migrations`. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  /** ISO-8601 UTC. */
  readonly appliedAt: string;
}

export type Direction = 'forward' | 'rollback';

/** One thing that forbids a migration, as a literal kind and a sentence. */
export interface MigrationProblem {
  readonly kind:
    | 'gap'
    | 'duplicate'
    | 'changed'
    | 'renamed'
    | 'unknown-applied'
    | 'out-of-order'
    | 'missing-down'
    | 'missing-up'
    | 'bad-name'
    | 'forbidden-statement'
    | 'unknown-target';
  readonly message: string;
}

/** What would be run, in order; or why nothing may be. */
export type MigrationPlan =
  | { readonly kind: 'go'; readonly direction: Direction; readonly steps: readonly Migration[] }
  | { readonly kind: 'refused'; readonly problems: readonly MigrationProblem[] };

/** The strongest lock that a statement took of a table. */
export interface TableLock {
  readonly table: string;
  /** As PostgreSQL names it: `ACCESS EXCLUSIVE`. Held to the end of the transaction. */
  readonly mode: string;
}

/** What one statement of a migration did. */
export interface StatementReport {
  /** Line of its file, from 1. */
  readonly line: number;
  readonly text: string;
  readonly ms: number;
  /** Beyond those that its transaction held before. */
  readonly locks: readonly TableLock[];
}

/** What one migration did. */
export interface MigrationReport {
  readonly version: number;
  readonly name: string;
  readonly direction: Direction;
  readonly ms: number;
  /** Rows inserted, updated or deleted by its statements. */
  readonly changedRows: number;
  /** Of a server that tells what each statement locks. */
  readonly statements?: readonly StatementReport[];
}

/** What a run on a copy showed. */
export interface TrialReport {
  readonly steps: readonly MigrationReport[];
  /** Copying the database, ms. */
  readonly copyMs: number;
  /** Of a copy that is a file. */
  readonly copyBytes?: number;
  /** Rows per table before and after, for tables that are in either. */
  readonly rows: Readonly<
    Record<string, { readonly before: number | null; readonly after: number | null }>
  >;
  /** Findings of integrity_check and foreign_key_check that were not there before. */
  readonly findings: readonly string[];
}

/** A migration that could not be read, planned or run. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: 'unreadable' | 'refused' | 'failed' | 'trial-failed' | 'no-room';
  readonly problems: readonly MigrationProblem[];

  constructor(
    code: MigrationError['code'],
    message: string,
    options: { problems?: readonly MigrationProblem[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.problems = options.problems ?? [];
  }
}

/** True for a MigrationError of any copy of this package. */
export const isMigrationError = (error: unknown): error is MigrationError =>
  error instanceof Error && error.name === 'MigrationError' && 'problems' in error;
