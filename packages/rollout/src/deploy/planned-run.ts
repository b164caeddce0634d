import { z } from 'zod';
import type { DeployFacts, DeployPlan } from './plan.ts';
import { deploySteps } from './planned-steps.ts';

const schema = z.object({
  version: z.string(),
  previous: z.string().nullable(),
  first: z.boolean(),
  steps: z.array(z.enum(deploySteps)),
  disarmed: z.array(z.string()),
  /** Declared data that did not exist before, so that an undo may remove it. */
  newData: z.array(z.string()),
  /** Names of the migrations that were pending, oldest first. */
  migrations: z.array(z.string()),
});

/** What a resume or an abort needs of a deploy's plan, as `deploy.planned` holds it. */
export type PlannedRun = z.infer<typeof schema>;

export const plannedRun = (
  plan: Extract<DeployPlan, { kind: 'go' }>,
  facts: DeployFacts,
): PlannedRun => ({
  version: plan.version,
  previous: plan.previous,
  first: plan.first,
  steps: [...plan.steps],
  disarmed: [...plan.disarmed],
  newData: plan.first ? facts.data.filter(({ exists }) => !exists).map(({ path }) => path) : [],
  migrations: [...(facts.migrations?.pending ?? [])],
});

/** @throws ZodError where the record was written by a tool that planned differently. */
export const parsePlannedRun = (event: unknown): PlannedRun => schema.parse(event);
