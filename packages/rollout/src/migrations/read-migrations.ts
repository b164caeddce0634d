import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SqlMigrations } from '../config/types.ts';
import { forbiddenStatements } from './sql/forbidden-statements.ts';
import type { Dialect } from './sql/tokens.ts';
import {
  type Migration,
  MigrationError,
  type MigrationProblem,
  type MigrationSet,
} from './types.ts';

/** A file of a migrations folder. */
export interface MigrationFile {
  readonly name: string;
  readonly content: Buffer;
}

const fileName = /^(\d{1,9})_([A-Za-z0-9][A-Za-z0-9_-]*)\.(up|down)\.sql$/;

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const textOf = (content: Buffer): string => content.toString('utf8').replace(/^\uFEFF/, '');

/** `007_add_hash`: how a migration is named in plans, messages and backups. */
export const migrationName = ({ version, name }: { version: number; name: string }): string =>
  `${String(version).padStart(3, '0')}_${name}`;

/** The folder of the migrations that come with a release. */
export const migrationsFolder = (config: Pick<SqlMigrations, 'dir'>, version: string): string =>
  config.dir.replaceAll('{version}', () => version);

/** Sorts files into migrations; pure. */
export const parseMigrations = (
  files: readonly MigrationFile[],
  dialect: Dialect,
): MigrationSet => {
  const problems: MigrationProblem[] = [];
  const problem = (kind: MigrationProblem['kind'], message: string) =>
    problems.push({ kind, message });
  const sql = files.filter(({ name }) => name.endsWith('.sql'));
  const parsed = sql.flatMap(({ name: file, content }) => {
    const [, digits, name = '', side] = fileName.exec(file) ?? [];
    const version = Number(digits);
    if (digits === undefined || version === 0) {
      problem(
        'bad-name',
        `${file} is no migration: write NNN_name.up.sql and NNN_name.down.sql, from 001`,
      );
      return [];
    }
    for (const statement of forbiddenStatements(textOf(content), dialect))
      problem(
        'forbidden-statement',
        `${file} holds ${statement}: a migration runs in one transaction, and this leaves it or cannot run in one; a single statement may run in none, with -- no-transaction at the top`,
      );
    return [{ file, version, name, side, content }];
  });

  const versions = [...new Set(parsed.map(({ version }) => version))].sort((a, b) => a - b);
  const migrations = versions.flatMap((version): Migration[] => {
    const parts = parsed.filter((part) => part.version === version);
    const ups = parts.filter(({ side }) => side === 'up');
    const downs = parts.filter(({ side }) => side === 'down');
    if (ups.length > 1 || downs.length > 1 || new Set(parts.map(({ name }) => name)).size > 1) {
      problem(
        'duplicate',
        `version ${version} is there more than once: ${parts.map(({ file }) => file).join(', ')}`,
      );
      return [];
    }
    const [up] = ups;
    const [down] = downs;
    if (up === undefined) {
      problem('missing-up', `${down?.file} has no up file beside it`);
      return [];
    }
    return [
      {
        version,
        name: up.name,
        up: textOf(up.content),
        down: down === undefined ? null : textOf(down.content),
        checksum: sha256(up.content),
        downChecksum: down === undefined ? null : sha256(down.content),
      },
    ];
  });

  for (let version = 1; version < Math.max(0, ...versions); version += 1) {
    if (!versions.includes(version))
      problem('gap', `version ${version} is missing: versions count from 1 without a gap`);
  }
  return { migrations, problems };
};

/**
 * Reads a folder of migrations.
 *
 * @throws {MigrationError} `unreadable` where there is no such folder.
 */
export const readMigrations = async (dir: string, dialect: Dialect): Promise<MigrationSet> => {
  try {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort();
    return parseMigrations(
      await Promise.all(
        names.map(async (name) => ({ name, content: await readFile(join(dir, name)) })),
      ),
      dialect,
    );
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new MigrationError(
      'unreadable',
      code === 'ENOENT'
        ? `the migrations folder ${dir} does not exist`
        : `the migrations folder ${dir} cannot be read: ${message}`,
      { cause },
    );
  }
};
