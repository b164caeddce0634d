import { BackupError } from '../errors.ts';
import { later } from '../later.ts';
import {
  PSQL,
  quoteName,
  quoteText,
  runClient,
  SESSION,
  writerEnvironment,
} from '../postgres/psql.ts';
import type { PostgresSource } from '../types.ts';
import { lineReader, postgresDialect } from './copy-text.ts';
import type { InsertJob, RefusedRow } from './row-store.ts';

/** foreign_key_violation (PostgreSQL manual, appendix A). */
const NO_PARENT = '23503';

const { raw } = postgresDialect;

/** Each column's sequence goes on behind what was put in, and never back. */
const SEQUENCES = (table: string) => `SELECT format(
  'SELECT setval(%L::regclass, m.most) IS NULL FROM (SELECT max(%I)::bigint AS most FROM %s) m, %s s WHERE m.most > s.last_value OR (m.most = s.last_value AND NOT s.is_called)',
  s.oid::regclass::text, a.attname, ${quoteText(table)}, s.oid::regclass::text)
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ${quoteText(table)}::regclass AND d.deptype IN ('a', 'i')
\\gexec
`;

interface Outcome {
  readonly index: number;
  readonly isRefused: boolean;
  readonly state: string;
  readonly why: string;
}

export interface InsertOptions {
  readonly database: string;
  /** Settings of the session. */
  readonly preamble: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts rows in, all tables in one transaction of one session; each row is a statement of its own, which says how it went.
 *
 * @throws BackupError `command-failed`: nothing was put in
 */
export const insertRows = async (
  source: PostgresSource,
  jobs: readonly InsertJob[],
  { database, preamble, signal }: InsertOptions,
): Promise<ReadonlyMap<string, readonly RefusedRow[]>> => {
  const refused = new Map<string, readonly RefusedRow[]>();
  let outcomes: Outcome[] = [];
  let awaited: { readonly end: string; readonly reached: () => void } | null = null;
  const lines = lineReader((line) => {
    if (line.startsWith('[')) {
      const [index, error, state, why, rows] = JSON.parse(
        Buffer.from(line, 'latin1').toString('utf8'),
      ) as string[];
      const isRefused = error === 'true' || rows === '0';
      const said = error === 'true' ? (why ?? '') : 'a trigger or a rule of the table left it out';
      outcomes.push({ index: Number(index), isRefused, state: state ?? '', why: said });
    } else if (awaited !== null && line === `"${awaited.end}"`) awaited.reached();
  });
  const failed = later<never>();
  failed.promise.catch(() => undefined);

  async function* pass(
    { shape, columns, rows }: InsertJob,
    which: ReadonlySet<number> | null,
  ): AsyncGenerator<Buffer> {
    const into = `INSERT INTO ${raw(shape.sqlName)} (${columns.map(quoteName).map(raw).join(', ')}) OVERRIDING SYSTEM VALUE VALUES`;
    let index = 0;
    for await (const cells of rows()) {
      if (which === null || which.has(index))
        yield Buffer.from(
          `${into} (${cells.map(postgresDialect.literal).join(', ')});\nSELECT to_json(array['${index}', :'ERROR', :'SQLSTATE', :'LAST_ERROR_MESSAGE', :'ROW_COUNT']::text[]);\n`,
          'latin1',
        );
      index += 1;
    }
  }

  /** Waits until all that was sent has been answered. */
  async function* settle(name: string): AsyncGenerator<string> {
    const reached = later<void>();
    awaited = { end: name, reached: () => reached.resolve() };
    yield `SELECT to_json('${name}'::text);\n`;
    await Promise.race([reached.promise, failed.promise]);
  }

  async function* script(): AsyncGenerator<Buffer | string> {
    yield `${SESSION}${preamble}RESET search_path;\nBEGIN;\nSET CONSTRAINTS ALL IMMEDIATE;\n\\set ON_ERROR_ROLLBACK on\n\\set ON_ERROR_STOP off\n`;
    for (const [number, job] of jobs.entries()) {
      let which: ReadonlySet<number> | null = null;
      for (let round = 0; ; round += 1) {
        outcomes = [];
        yield* pass(job, which);
        yield* settle(`table ${number}, round ${round}`);
        const out: Outcome[] = outcomes.filter(({ isRefused }) => isRefused);
        const isStuck = which !== null && out.length === which.size;
        which = new Set(out.map(({ index }) => index));
        // A row may refer to one that came after it.
        if (!isStuck && out.some(({ state }) => state === NO_PARENT)) continue;
        refused.set(
          job.shape.table,
          out.map(({ index, why }) => ({ index, why })),
        );
        break;
      }
    }
    yield '\\set ON_ERROR_STOP on\n\\set ON_ERROR_ROLLBACK off\n';
    for (const { shape } of jobs) yield SEQUENCES(shape.sqlName);
    yield 'COMMIT;\n';
    yield* settle('committed');
    isCommitted = true;
  }
  let isCommitted = false;
  await runClient(source, database, {
    what: `psql putting rows into the database "${database}" of the source "${source.name}"`,
    command: PSQL,
    env: writerEnvironment(source, database),
    input: script(),
    onOutput: lines.push,
    signal,
  }).catch((error: unknown) => {
    failed.reject(error);
    throw error;
  });
  if (!isCommitted)
    throw new BackupError(
      'command-failed',
      `nothing was put into the database "${database}" of the source "${source.name}": psql ended before it had committed`,
    );
  return refused;
};
