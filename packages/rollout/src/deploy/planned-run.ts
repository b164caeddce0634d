import {
  type DeployStep,
  deploySteps,
  lastOf,
  type RecordedEvent,
  type RunEvent,
} from '../record/events.ts';
import type { DeployFacts, DeployPlan } from './plan.ts';

/** What a resume or an abort needs of a deploy's plan, as `deploy.planned` holds it. */
export interface PlannedRun {
  readonly version: string;
  readonly previous: string | null;
  readonly first: boolean;
  readonly steps: readonly DeployStep[];
  readonly disarmed: readonly string[];
  /** Declared data that did not exist before, so that an undo may remove it. */
  readonly newData: readonly string[];
  /** Names of the migrations that were pending, oldest first. */
  readonly migrations: readonly string[];
  /** Those of them that only a backup can take back. */
  readonly withoutDown: readonly string[];
}

export const plannedRun = (
  plan: Extract<DeployPlan, { kind: 'go' }>,
  facts: DeployFacts,
): Omit<RunEvent<'deploy.planned'>, 'type' | 'options' | 'sentences'> => ({
  version: plan.version,
  previous: plan.previous,
  first: plan.first,
  steps: [...plan.steps],
  disarmed: [...plan.disarmed],
  ...(plan.expected.length === 0 ? {} : { expected: [...plan.expected] }),
  newData: plan.first ? facts.data.filter(({ exists }) => !exists).map(({ path }) => path) : [],
  migrations: [...(facts.migrations?.pending ?? [])],
  withoutDown: [...(facts.migrations?.withoutDown ?? [])],
});

const isDeployStep = (name: string): name is DeployStep =>
  (deploySteps as readonly string[]).includes(name);

/** What a deploy planned; `null` where it was cut off before it had. */
export const recordedPlan = (events: readonly RecordedEvent[]): PlannedRun | null => {
  const event = lastOf(events, 'deploy.planned');
  if (event === undefined) return null;
  return {
    ...event,
    steps: event.steps.filter(isDeployStep),
    withoutDown: event.withoutDown ?? [],
  };
};
