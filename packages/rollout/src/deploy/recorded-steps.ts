import type { JournalEvent, Step } from '@dhash/journal';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import type { Recorder } from '../record/recorder.ts';
import { type PlannedRun, parsePlannedRun } from './planned-run.ts';
import { deploySteps } from './steps.ts';

/** What a deploy planned; `null` where it was cut off before it had. */
export const recordedPlan = (events: readonly JournalEvent[]): PlannedRun | null => {
  const event = events.find(({ type }) => type === 'deploy.planned');
  return event === undefined ? null : parsePlannedRun(event);
};

/** The steps that a run's record says were planned, to go on with or to take back. */
export const recordedSteps = (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
): { planned: PlannedRun; steps: Step[] } => {
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
  const isResumed = recorder.events.some(
    ({ type }) => type === 'deploy.resumed' || type === 'abort.started',
  );
  const target = environment.target(run);
  return {
    planned,
    steps: deploySteps(planned.steps, {
      ...{ context, environment, target, run, isResumed },
      events: () => recorder.events,
    }),
  };
};
