import { existsSync } from 'node:fs';
import type { DataSource, StagedTarget } from '@dhash/backup-core';

/**
 * The data that was live, as sources of a backup: whole, without the configured filters, since what
 * they leave out of a backup was put aside too and is about to be removed.
 */
export const putAside = (targets: readonly StagedTarget[]): DataSource[] =>
  targets
    .filter(({ previous }) => existsSync(previous))
    .map(({ name, type, previous }) => ({ name, type, path: previous }));
