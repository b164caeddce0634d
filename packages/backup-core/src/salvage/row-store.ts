/**
 * A row, a text for each of its columns, as the database itself writes it: equal values have equal texts. Of SQLite a
 * literal of SQL, of PostgreSQL a field of COPY, one character a byte.
 */
export type Cells = readonly string[];

/** How the cells of one kind of database are read. */
export interface Dialect {
  isNull(cell: string): boolean;
  /** For people and JSON; null is NULL. */
  shown(cell: string): string | null;
  /** A literal of SQL; where cells are bytes, one character a byte. */
  literal(cell: string): string;
  /** Whether a literal needs its type beside it. */
  readonly isTyped: boolean;
  /** Text of ours (a name, a type), as it stands beside literals. */
  raw(text: string): string;
}

/** Takes the rows of a table. */
export interface RowVisitor {
  /** Told once, before the rows: their columns, in the order of the cells. */
  columns(names: readonly string[]): Promise<void> | void;
  row(cells: Cells): Promise<void> | void;
}

/** Tables that can be read: of a live database, or of a backup's. */
export interface RowStore {
  readonly tables: readonly string[];
  /** Resolves to false where there is no such table. Columns that are computed from others are left out. */
  visit(table: string, visitor: RowVisitor): Promise<boolean>;
}

export interface ColumnShape {
  readonly name: string;
  /** As SQL names it; empty where a column has none. */
  readonly type: string;
  /** NOT NULL, and nothing stands in for a value that is not given. */
  readonly mustBeGiven: boolean;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
}

/** What a live table takes. */
export interface TableShape {
  readonly table: string;
  /** Quoted, with its schema. */
  readonly sqlName: string;
  /** Those that can be written. */
  readonly columns: readonly ColumnShape[];
  /** Its primary key; empty where it has none. */
  readonly key: readonly string[];
  /** Columns of its other unique indexes; those over expressions, or over a part of the rows, are left to the database. */
  readonly unique: readonly (readonly string[])[];
  readonly foreign: readonly ForeignKey[];
  /** What fires when a row is put in. */
  readonly triggers: readonly string[];
}

/** Why a row can't be put in, as the database says. */
export interface RefusedRow {
  /** From 0, among those of its table. */
  readonly index: number;
  readonly why: string;
}

export interface InsertJob {
  readonly shape: TableShape;
  readonly columns: readonly string[];
  readonly rows: () => AsyncIterable<Cells>;
}

/** A live database. */
export interface LiveRows extends RowStore {
  readonly shapes: ReadonlyMap<string, TableShape>;
  /** Rows of a query, each a JSON value in its first column. */
  query(sql: string): Promise<unknown[]>;
  /**
   * Puts rows in, all tables in one transaction; a row that the database refuses stays out, the others go in. Sequences
   * go on behind what was put in.
   */
  insert(jobs: readonly InsertJob[]): Promise<ReadonlyMap<string, readonly RefusedRow[]>>;
}
