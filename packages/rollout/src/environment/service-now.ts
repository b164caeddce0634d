import type { HealthProbe } from '@dhash/monitor';
import { messageOf } from '../errors.ts';
import type { OpenRun } from './open-run.ts';

/** What runs now, asked and not assumed. */
export interface ServiceNow {
  /** The target's active release; `null`: none, or it could not be told. */
  readonly active: string | null;
  readonly health: Awaited<ReturnType<HealthProbe['check']>>;
}

/** Asks target and service. Never throws: it is for telling people what is left after something failed. */
export const lookAtService = async ({
  context,
  environment,
}: Pick<OpenRun, 'context' | 'environment'>): Promise<ServiceNow> => {
  const target = environment.target({ runId: 'look', version: null, previous: null });
  const active = await target.current().catch((error: unknown) => {
    context.output.warn(`which release is active can't be told: ${messageOf(error)}`);
    return null;
  });
  // Also after Ctrl-C: what is left must be said.
  const health = await environment.health(active).check(new AbortController().signal);
  return { active, health };
};

/** `release 1.2 is active and answers OK`, or why not. */
export const describeService = ({ active, health }: ServiceNow): string =>
  `${active === null ? 'no release is active' : `release ${active} is active`} and ${
    health.ok === true ? 'answers OK' : `is not well: ${health.reason ?? 'no answer'}`
  }`;
