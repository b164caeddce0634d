import type { createBackup, Progress } from '@dhash/backup-core';
import type { NewEvent } from '@dhash/journal';
import type { RollbackPlan } from './plan-rollback.ts';
import type { Clock, Service, Validation } from './ports.ts';

export type RollbackOptions = {
  readonly plan: RollbackPlan;
  readonly service: Service;
  readonly validation: Validation;
  readonly clock: Clock;
  /** Part of folder names: letters, digits, `.`, `_`, `-`. */
  readonly runId: string;
  /** Folder for the zip of what was put aside: `backups/safety`. */
  readonly safetyDir: string;
  /** This run's own folder: `incidents/<run-id>`. Files of an earlier attempt are replaced. */
  readonly incidentDir: string;
  /** Folder of rollout.yaml: the safety zip's sidecar names its path from here. */
  readonly root: string;
  /** The run's journal so far; only what follows its newest `rollback.started` is this rollback. */
  readonly past: readonly NewEvent[];
  readonly tool: Parameters<typeof createBackup>[0]['tool'];
  /** Why, in a person's or a gate's words. */
  readonly reason: string;
  readonly signal?: AbortSignal;
  /** Called as the backup is verified and staged, and what was put aside is zipped; a step may pass through several phases. */
  readonly onProgress?: (progress: Progress) => void;
  /** Default 60 s. */
  readonly healthBudgetMs?: number;
  /** Migrations applied to the data that is put aside, for the safety zip's manifest. */
  readonly migrations?: readonly string[];
  /** HTML for the incident folder's `report.html`, asked for when the incident is written. */
  readonly report?: () => Promise<string | null>;
  /** The record's `seq:hash` when the incident is written: a record cut short later shows against it. */
  readonly head?: () => string;
  /** What to type next where the rollback does not validate: the caller's own commands. */
  readonly nextCommands?: readonly string[];
};
