import type { StagedTarget } from '../restore/staged-target.ts';
import type { DataSource } from '../types.ts';
import { commandKind } from './command.ts';
import type { DataKind } from './data-kind.ts';
import { externalKind } from './external.ts';
import { filesKind } from './files.ts';
import { postgresKind } from './postgres.ts';
import { sqliteKind } from './sqlite.ts';

/** A new kind of data is a file of its own and a line here, and the same in `test/contract`. */
const kinds: { readonly [K in DataSource['type']]: DataKind<DataSource, StagedTarget> } = {
  files: filesKind,
  sqlite: sqliteKind,
  postgres: postgresKind,
  command: commandKind,
  external: externalKind,
};

/** The kind of a source, a target or a line of the manifest. */
export const kindOf = ({
  type,
}: {
  readonly type: DataSource['type'];
}): DataKind<DataSource, StagedTarget> => kinds[type];
