import type { StagedTarget } from '@dhash/backup-core';

/** Where a restore keeps what it put aside: folders, and names of databases. Each once. */
export const workPlaces = (targets: readonly StagedTarget[]): string[] => [
  ...new Set(targets.map((target) => (target.type === 'postgres' ? target.previous : target.work))),
];
