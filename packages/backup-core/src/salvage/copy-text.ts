import { quoteText } from '../postgres/psql.ts';
import type { Dialect, RowVisitor } from './row-store.ts';

/** What a field of COPY says with a backslash (PostgreSQL manual, COPY, Text Format). */
const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const plain = (cell: string): string =>
  cell.includes('\\') ? cell.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char) : cell;

/** Cells are fields of COPY, a character for each byte: a database may hold text of any encoding. */
export const postgresDialect: Dialect = {
  isNull: (cell) => cell === '\\N',
  shown: (cell) => (cell === '\\N' ? null : Buffer.from(plain(cell), 'latin1').toString('utf8')),
  literal: (cell) => (cell === '\\N' ? 'NULL' : quoteText(plain(cell))),
  isTyped: true,
  raw: (text) => Buffer.from(text).toString('latin1'),
};

/** Calls back for each line, in turn; a line is bytes, one character each. */
export const lineReader = (onLine: (line: string) => Promise<void> | void) => {
  let rest = '';
  return {
    push: async (part: Buffer): Promise<void> => {
      const lines = (rest + part.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const done = onLine(line);
        if (done !== undefined) await done;
      }
    },
  };
};

const HEAD = /^COPY (.*) \((.*)\) FROM stdin;$/;

/** Names in a list of SQL, as bytes. */
const namesIn = (list: string): string[] =>
  (list.match(/"(?:[^"]|"")*"|[^",\s]+/g) ?? []).map((name) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name,
  );

/** Reads the one table of a script of `pg_restore --data-only --table`. */
export const copyScriptReader = (visitor: RowVisitor) => {
  let state: 'before' | 'rows' | 'after' = 'before';
  return {
    /** Whether the table was there. */
    get isFound() {
      return state !== 'before';
    },
    line: (line: string): Promise<void> | void => {
      if (state === 'rows') {
        if (line !== '\\.') return visitor.row(line === '' ? [''] : line.split('\t'));
        state = 'after';
        return;
      }
      const columns = state === 'before' ? HEAD.exec(line)?.[2] : undefined;
      if (columns === undefined) return;
      state = 'rows';
      return visitor.columns(
        namesIn(columns).map((name) => Buffer.from(name, 'latin1').toString('utf8')),
      );
    },
  };
};
