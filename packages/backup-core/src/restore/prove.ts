import { stat } from 'node:fs/promises';
import { BackupError, messageOf } from '../errors.ts';
import { filesOf, type Manifest } from '../manifest.ts';
import { inspectSqlite } from '../source/inspect-sqlite.ts';
import type { DataSource } from '../types.ts';
import { type CompareOptions, compareFolder, sidecarBeside } from './compare.ts';
import { hashPath } from './hash-path.ts';

/** What was found equal to the manifest. */
export interface RestoreProof {
  readonly files: number;
  readonly bytes: number;
  /** Rows per table, by source. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * Proves that live data is what a backup holds: every file hashed again, nothing missing, nothing extra;
 * databases byte by byte, with no log beside them, and their rows per table. Before the service starts.
 *
 * @throws BackupError `restored-data-differs`, naming what differs
 */
export const proveRestored = async (
  manifest: Manifest,
  targets: readonly Pick<DataSource, 'name' | 'type' | 'path'>[],
  { signal }: CompareOptions = {},
): Promise<RestoreProof> => {
  const problems: string[] = [];
  const tables: Record<string, Record<string, number>> = {};
  let files = 0;
  let bytes = 0;
  for (const { name, type } of manifest.sources)
    if (!targets.some((target) => target.name === name && target.type === type))
      problems.push(`${name}: the backup holds it, and nothing was said of where it lies`);
  for (const { name, type, path } of targets) {
    if (type === 'files') {
      // What was excluded from the backup would be extra here: no globs.
      const changes = await compareFolder(manifest, { name, type, path }, signal);
      files += changes.files;
      bytes += changes.bytes;
      problems.push(
        ...changes.removed.map((each) => `${each}: missing`),
        ...changes.changed.map((each) => `${each}: another content`),
        ...changes.added.map((each) => `${each}: not in the backup`),
      );
    } else {
      const found = await proveDatabase(manifest, name, path, signal);
      problems.push(...found.problems);
      tables[name] = found.tables;
      files += 1;
      bytes += found.bytes;
    }
  }
  if (problems.length > 0)
    throw new BackupError(
      'restored-data-differs',
      `the restored data is not what the backup holds, ${problems.length} difference${problems.length === 1 ? '' : 's'}: ${problems.slice(0, 5).join('; ')}`,
      { problems },
    );
  return { files, bytes, tables };
};

type ProvenDatabase = { problems: string[]; tables: Record<string, number>; bytes: number };

const proveDatabase = async (
  manifest: Manifest,
  name: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<ProvenDatabase> => {
  const line = filesOf(manifest).find((file) => file.path.startsWith(`${name}/`));
  const recorded = manifest.sources.find((source) => source.name === name)?.tables ?? {};
  if (line === undefined)
    return { problems: [`${name}: the backup holds no such database`], tables: {}, bytes: 0 };
  try {
    const beside = await sidecarBeside(path);
    if (beside !== null)
      return {
        problems: [
          `${name}: ${beside} lies beside it: another database's log, or someone opened it`,
        ],
        tables: {},
        bytes: 0,
      };
    const { size } = await stat(path);
    if ((await hashPath(path, signal)) !== line.sha256)
      return { problems: [`${line.path}: another content`], tables: {}, bytes: 0 };
    const { tables } = await inspectSqlite({ path, kind: 'copy', bytes: size }, signal);
    const problems = Object.keys({ ...recorded, ...tables })
      .filter((table) => recorded[table] !== tables[table])
      .map((table) => `${name}.${table}: ${tables[table]} rows, ${recorded[table]} in the backup`);
    return { problems, tables, bytes: size };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return { problems: [`${name}: ${messageOf(error)}`], tables: {}, bytes: 0 };
  }
};
