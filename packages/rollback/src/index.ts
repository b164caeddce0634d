// Withheld: the single steps and the phases; a rollback is planned and run whole, or undone whole.
export { isRollbackError, RollbackError, type RollbackErrorCode } from './errors.ts';
export {
  type BackupFacts,
  type GatherOptions,
  gatherRollback,
  type ProvenFacts,
  type RollbackFacts,
} from './gather-rollback.ts';
export { zipIncident } from './incident.ts';
export type { RollbackOptions } from './options.ts';
export {
  type PlanOptions,
  planReleaseRollback,
  planRollback,
  type RollbackPlan,
  type RollbackStep,
  rollbackSteps,
} from './plan-rollback.ts';
export type { Clock, Service, Validation } from './ports.ts';
export { type RollbackEvent, type RollbackOutcome, rollback, undoRollback } from './rollback.ts';
