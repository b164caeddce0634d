import type { Step } from '@dhash/journal';
import { commandHint } from '../environment/context.ts';
import type { OpenRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { lastOf } from '../record/events.ts';
import { type PlannedRun, recordedPlan } from './planned-run.ts';
import { deploySteps } from './steps.ts';

/** The steps that a run's record says were planned, to go on with or to take back. */
export const recordedSteps = (open: OpenRun): { planned: PlannedRun; steps: Step[] } => {
  const { context, environment, recorder } = open;
  const planned = recordedPlan(recorder.events);
  if (planned === null)
    throw new RolloutError(
      'nothing-planned',
      exitCodes.usage,
      `run ${recorder.run} was cut off before it had planned anything`,
      {
        hints: [
          `close it: ${commandHint(context, `deploy --env ${environment.config.env} --abort`)}`,
        ],
      },
    );
  const run = { runId: recorder.run, ...planned };
  const isResumed = lastOf(recorder.events, 'deploy.resumed', 'abort.started') !== undefined;
  return {
    planned,
    steps: deploySteps(planned.steps, {
      open,
      target: environment.target(run),
      run,
      isResumed,
    }),
  };
};
