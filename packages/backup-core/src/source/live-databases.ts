import { open } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import type { FoundTable } from '../table/found-table.ts';
import type { FilesSource } from '../types.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from './byte-path.ts';

const SQLITE_MAGIC = 'SQLite format 3\0';

/** A database read as a file is torn: one with a log beside it has to be a source of its own. */
export const liveDatabases = async (source: FilesSource, items: FoundTable): Promise<string[]> => {
  const problems: string[] = [];
  const logged = new Set<BytePath>();
  for (const { name } of items) {
    const log = /-(?:wal|journal)$/.exec(name);
    if (log !== null) logged.add(name.slice(0, -log[0].length));
  }
  if (logged.size === 0) return problems;
  for (const { type, name: database } of items) {
    if (type !== 'file' || !logged.has(database)) continue;
    const path = bytesOf(joinPath(bytePath(source.path), database));
    if ((await firstBytes(path)) === SQLITE_MAGIC)
      problems.push(
        `${shownPath(database)} is a SQLite database in use: name it here ("sqlite": ["${shownPath(database)}"]), or leave it out ("exclude": "${shownPath(database)}*") and declare it as a source of type sqlite, at the same place`,
      );
  }
  return problems;
};

/** Empty where it is gone again. */
const firstBytes = async (path: Buffer): Promise<string> => {
  try {
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return '';
    throw error;
  }
};
