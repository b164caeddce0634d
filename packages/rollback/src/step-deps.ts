import type { RollbackOptions } from './options.ts';
import type { Results } from './results.ts';

/** What the steps of one rollback share. */
export type StepDeps = {
  readonly options: RollbackOptions;
  readonly results: Results;
  /** Unique among the rollbacks of a run: names the work folders. */
  readonly id: string;
  /** True where an earlier process began this rollback. */
  readonly isResumed: boolean;
  /** The restore log so far. */
  readonly log: () => readonly string[];
};
