import type { Statement } from '../sql/split-sql.ts';
import type { StatementReport, TableLock } from '../types.ts';

/** A line that a script of ours printed. */
interface Said {
  readonly done?: true;
  readonly began?: number;
  readonly ended?: number;
  readonly atMs?: number;
  readonly tables?: Readonly<Record<string, string>>;
  readonly locks?: readonly (readonly [number, string])[];
  readonly changedRows?: number;
  readonly invalid?: readonly string[];
}

export interface ReadScript {
  /** It was done before, and nothing was run. */
  readonly isDone: boolean;
  readonly statements: readonly StatementReport[];
  readonly changedRows: number;
  /** Indexes that a statement left unusable, as CREATE INDEX CONCURRENTLY does where it fails. */
  readonly invalidIndexes: readonly string[];
}

/** From the weakest to the strongest (manual, 13.3.1). */
const modes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

/** `ACCESS EXCLUSIVE`, as LOCK TABLE and the manual write it. */
const written = (mode: string): string =>
  mode
    .replace(/Lock$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();

/** The strongest that a statement took of each table, where none as strong was held before. */
const takenBy = (
  held: readonly (readonly [number, string])[],
  before: readonly (readonly [number, string])[],
  names: ReadonlyMap<string, string>,
): TableLock[] => {
  const strongest = (locks: typeof held) => {
    const found = new Map<number, number>();
    for (const [table, mode] of locks)
      found.set(table, Math.max(found.get(table) ?? -1, modes.indexOf(mode)));
    return found;
  };
  const had = strongest(before);
  return [...strongest(held)].flatMap(([table, rank]) => {
    const name = names.get(String(table));
    if (name === undefined || name === 'schema_migrations' || rank <= (had.get(table) ?? -1))
      return [];
    return [{ table: name, mode: written(modes[rank] ?? '') }];
  });
};

/** What the lines of a script tell of its statements. Pure. */
export const readSaid = (
  lines: readonly string[],
  statements: readonly Pick<Statement, 'line' | 'text'>[],
): ReadScript => {
  const said = lines.map((line) => JSON.parse(line) as Said);
  const names = new Map<string, string>();
  let locks: NonNullable<Said['locks']> = [];
  let beganMs = 0;
  const reports: StatementReport[] = [];
  for (const one of said) {
    for (const [table, name] of Object.entries(one.tables ?? {})) names.set(table, name);
    if (one.began !== undefined) beganMs = one.atMs ?? 0;
    const statement = one.ended === undefined ? undefined : statements[one.ended];
    if (statement !== undefined)
      reports.push({
        line: statement.line,
        text: statement.text,
        ms: Math.max(0, (one.atMs ?? beganMs) - beganMs),
        locks: takenBy(one.locks ?? [], locks, names),
      });
    locks = one.locks ?? locks;
  }
  return {
    isDone: said.some(({ done }) => done === true),
    statements: reports,
    changedRows: said.find(({ changedRows }) => changedRows !== undefined)?.changedRows ?? 0,
    invalidIndexes: said.flatMap(({ invalid = [] }) => invalid),
  };
};

/** The statement under way where a script broke off; `null`: none was. Pure. */
export const statementCutOff = (
  lines: readonly string[],
  statements: readonly Pick<Statement, 'line' | 'text'>[],
): Pick<Statement, 'line' | 'text'> | null => {
  const last = lines.map((line) => JSON.parse(line) as Said).at(-1);
  return last?.began === undefined ? null : (statements[last.began] ?? null);
};
