import type { BackupOptions, DataSource } from '../packages/backup-core/dist/index.js';

/** A backup as the benches make it. */
export const backupJob = (dir: string, sources: readonly DataSource[]): BackupOptions => ({
  dir,
  root: dir,
  service: 'bench',
  env: 'bench',
  release: null,
  migrations: [],
  sources,
  tool: { name: 'bench', version: '0' },
  now: Date.now,
});
