/**
 * A backup as the benches make it.
 *
 * @param {string} dir
 * @param {import('../packages/backup-core/dist/index.js').DataSource[]} sources
 * @returns {import('../packages/backup-core/dist/index.js').BackupOptions}
 */
export const backupJob = (dir, sources) => ({
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
