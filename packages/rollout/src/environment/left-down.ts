import { foldRun } from '../record/run-state.ts';
import { commandHint } from './context.ts';
import type { OpenRun } from './open-run.ts';

/**
 * After steps that were interrupted: where this run had stopped the service and nothing answers now, says so loudly,
 * on the record and so to the channels.
 *
 * @param command what brings it back, as typed after `dhash-rollout`
 * @returns whether it is down
 */
export const tellWhereLeftDown = async (
  { context, environment, recorder, announcer }: OpenRun,
  { command, doing }: { readonly command: string; readonly doing: string },
): Promise<boolean> => {
  const state = foldRun(recorder.run, recorder.events);
  if (state === null || state.service === 'untouched') return false;
  // The command's own signal is aborted by now.
  const reading = await environment.health(null).check(new AbortController().signal);
  if (reading.ok === true) return false;
  const { config } = environment;
  const typed = commandHint(context, command);
  const why = `${doing} was interrupted${state.at === null ? '' : ` at ${state.at}`} with the service stopped: ${reading.reason ?? 'nothing answers'}`;
  context.output.line(
    `${config.env.toUpperCase()} IS DOWN: ${config.service} was stopped by this run, and nothing starts it by itself`,
  );
  context.output.line(`  → ${typed}`);
  await recorder.record({ type: 'service.left-down', why, command: typed });
  await announcer.settle();
  return true;
};
