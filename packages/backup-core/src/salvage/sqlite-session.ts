import { Worker } from 'node:worker_threads';

/** Rows handed over at once. */
const BATCH_ROWS = 500;

/**
 * A connection on a thread of its own, since node:sqlite is synchronous. As text, because a bundle has no second file to
 * start one from. Values become literals here: a text that is no text of its encoding, or holds a NUL, as its bytes.
 */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(workerData.path, { readOnly: workerData.readOnly, timeout: workerData.busyMs });
const encoding = Object.values(db.prepare('PRAGMA encoding').get())[0].toLowerCase();
const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
const hex = (bytes) => "x'" + Buffer.from(bytes).toString('hex') + "'";
const textOf = (bytes) => {
  let text;
  try { text = decoder.decode(bytes); } catch { return 'CAST(' + hex(bytes) + ' AS TEXT)'; }
  return text.includes('\\0') ? 'CAST(' + hex(bytes) + ' AS TEXT)' : "'" + text.replaceAll("'", "''") + "'";
};
const cellOf = (type, value) => type === 'text' ? textOf(value) : type === 'blob' ? hex(value) : value;
const scans = new Map();
const acts = {
  exec: ({ sql }) => { db.exec(sql); },
  all: ({ sql, values }) => db.prepare(sql).all(...values),
  scan: ({ sql, columns, id }) => {
    const statement = db.prepare(sql);
    statement.setReturnArrays(true);
    scans.set(id, { rows: statement.iterate(), columns });
  },
  next: ({ scan }) => {
    const { rows, columns } = scans.get(scan);
    const batch = [];
    while (batch.length < ${BATCH_ROWS}) {
      const { value, done } = rows.next();
      if (done) { scans.delete(scan); break; }
      batch.push(Array.from({ length: columns }, (_, i) => cellOf(value[2 * i], value[2 * i + 1])));
    }
    return batch;
  },
  isTransaction: () => db.isTransaction,
  close: () => { db.close(); },
};
parentPort.on('message', (request) => {
  try {
    parentPort.postMessage({ id: request.id, result: acts[request.act](request) });
  } catch (error) {
    parentPort.postMessage({ id: request.id, error, errcode: error.errcode });
  }
});
`;

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export interface SqliteSession {
  exec(sql: string): Promise<void>;
  all(sql: string, ...values: readonly string[]): Promise<Record<string, unknown>[]>;
  /** Whether a transaction is open: an answer may have ended it. */
  isTransaction(): Promise<boolean>;
  /** The cells of a table's columns, row by row. */
  scan(table: string, columns: readonly string[]): AsyncGenerator<string[]>;
  close(): Promise<void>;
}

export interface SqliteSessionOptions {
  readonly path: string;
  readonly readOnly: boolean;
  /** How long another connection's lock is waited for, ms. */
  readonly busyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: Error;
  readonly errcode?: number;
}

/** Opens a database on a thread; what it answers with rejects as node:sqlite throws. */
export const openSqliteSession = ({
  path,
  readOnly,
  busyMs = 5000,
  signal,
}: SqliteSessionOptions): SqliteSession => {
  const worker = new Worker(WORKER, {
    eval: true,
    execArgv: ['--no-warnings'],
    workerData: { path, readOnly, busyMs },
  });
  const waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (reason: unknown) => void }
  >();
  let lastId = 0;
  let gone: { readonly reason: unknown } | null = null;
  const failAll = (reason: unknown) => {
    gone ??= { reason };
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  worker.on('message', ({ id, result, error, errcode }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(Object.assign(error, { errcode }));
  });
  worker.once('error', failAll);
  worker.once('exit', () => failAll(new Error('the connection to the database was closed')));
  const onAbort = () => {
    failAll(signal?.reason);
    void worker.terminate();
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();

  const ask = (act: string, fields: Record<string, unknown> = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone !== null) return reject(gone.reason);
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      worker.postMessage({ id: lastId, act, ...fields });
    });

  return {
    exec: async (sql) => {
      await ask('exec', { sql });
    },
    all: async (sql, ...values) => (await ask('all', { sql, values })) as Record<string, unknown>[],
    isTransaction: async () => (await ask('isTransaction')) === true,
    async *scan(table, columns) {
      const cells = columns
        .map(quoteName)
        .map(
          (name) =>
            `typeof(${name}), CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) WHEN 'blob' THEN ${name} ELSE quote(${name}) END`,
        );
      const opening = ask('scan', {
        // An index may need a collation that only the service has.
        sql: `SELECT ${cells.join(', ')} FROM ${quoteName(table)} NOT INDEXED`,
        columns: columns.length,
      });
      const scan = lastId;
      await opening;
      for (;;) {
        const batch = (await ask('next', { scan })) as string[][];
        yield* batch;
        if (batch.length < BATCH_ROWS) return;
      }
    },
    close: async () => {
      if (gone === null) await ask('close');
      signal?.removeEventListener('abort', onAbort);
      gone ??= { reason: new Error('the connection to the database was closed') };
      await worker.terminate();
    },
  };
};
