import type { RunState } from './run-state.ts';

/** What people call each kind of run. */
export const runWords: Readonly<Record<RunState['kind'], string>> = {
  deploy: 'deploy',
  migrate: 'migration',
  rollback: 'rollback',
  watch: 'watch',
  service: 'start or stop',
  freeze: 'freeze',
  salvage: 'salvage',
};
