import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bringFound,
  describeConflict,
  type FoundRows,
  type FoundSource,
  insertStatement,
  shownRow,
} from '@dhash/backup-core';
import { exitCodes, isNotThere, RolloutError } from '../errors.ts';
import { tableNotes } from './show-salvage.ts';

/** @throws RolloutError (exit 2) where something lies in it: what is found is not mixed with it */
export const requireEmpty = async (folder: string): Promise<void> => {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isNotThere(error)) return [];
    throw error;
  });
  if (names.length > 0)
    throw new RolloutError(
      'out-not-empty',
      exitCodes.usage,
      `--out ${folder} is not empty: name a new folder`,
    );
};

/** A name of a table as part of a file's; several may come out the same, so each gets a number before it. */
const fileName = (table: string): string =>
  table.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 60);

const writeLines = async (file: string, lines: AsyncIterable<string | Buffer>): Promise<void> => {
  // Rows of customers: for nobody else's eyes.
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const line of lines) await handle.writeFile(line);
  } finally {
    await handle.close();
  }
};

type Tables = Extract<FoundSource, { kind: 'tables' }>;

async function* statements(table: FoundRows, { dialect }: Tables): AsyncGenerator<string | Buffer> {
  yield `-- ${JSON.stringify(table.table)}: rows that were written since, and that live has not\n`;
  for (const note of tableNotes(table)) yield `-- ${note.replaceAll(/\s+/g, ' ')}\n`;
  yield 'BEGIN;\n';
  for await (const cells of table.insertFile.read()) yield insertStatement(table, dialect, cells);
  yield 'COMMIT;\n';
}

async function* conflicts(table: FoundRows, { dialect }: Tables): AsyncGenerator<string> {
  for await (const { cells, conflict } of table.conflictFile.read()) {
    const live =
      conflict.kind === 'same-key' && conflict.live !== null
        ? { live: shownRow(table, dialect, conflict.live) }
        : {};
    const line = {
      copy: shownRow(table, dialect, cells),
      ...live,
      why: describeConflict(conflict),
    };
    yield `${JSON.stringify(line)}\n`;
  }
}

/**
 * Writes what was found into a folder for people to look through: statements that put rows in, conflicts as JSON lines with
 * both rows, and the files.
 *
 * @param folder absolute, missing or empty
 * @returns the paths that were written, relative to it
 */
export const writeReview = async (
  folder: string,
  found: readonly FoundSource[],
  { copy, signal }: { readonly copy: string; readonly signal: AbortSignal },
): Promise<string[]> => {
  const written: string[] = [];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const source of found) {
    if (source.kind === 'unread') continue;
    if (source.kind === 'files') {
      for (const state of ['new', 'changed'] as const) {
        const files = source.files.filter((file) => file.state === state);
        if (files.length === 0) continue;
        const name = join(source.name, state);
        await bringFound(copy, { source: source.name, files, to: join(folder, name) }, signal);
        written.push(name);
      }
      continue;
    }
    await mkdir(join(folder, source.name), { mode: 0o700 });
    for (const [index, table] of source.tables.entries()) {
      const name = join(source.name, `${index + 1}-${fileName(table.table)}`);
      if (table.inserts > 0) {
        await writeLines(join(folder, `${name}.sql`), statements(table, source));
        written.push(`${name}.sql`);
      }
      if (table.conflicts > 0) {
        await writeLines(join(folder, `${name}.conflicts.ndjson`), conflicts(table, source));
        written.push(`${name}.conflicts.ndjson`);
      }
    }
  }
  return written;
};
