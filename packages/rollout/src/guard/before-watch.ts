import { type CommandResult, commandHint } from '../environment/context.ts';
import { closeRun, type OpenRun } from '../environment/open-run.ts';
import { exitCodes } from '../errors.ts';
import type { RunState } from '../record/run-state.ts';
import { driftOf } from '../takeover/drift.ts';

/**
 * Looks, before a watch begins or goes on, whether there is something to guard: that the target runs what this run
 * activated, and, on a resume, that anything answers. After a reboot nothing starts a service by itself, and a
 * release that is merely not running is no bad release: nothing is restored then.
 *
 * @returns the result of the command where there is not; it is on the record
 */
export const requireGuardable = async (
  open: OpenRun,
  state: RunState,
  { resume }: { readonly resume: boolean },
): Promise<CommandResult | null> => {
  const { context, environment, recorder } = open;
  const { output } = context;
  const { env } = environment.config;
  const active = await environment
    .target({ runId: recorder.run, version: state.version, previous: state.previous })
    .current();
  const drift = state.kind === 'deploy' ? driftOf(active, state) : null;
  const unguarded: CommandResult = { exit: exitCodes.brokenNotRolledBack, run: recorder.run };
  if (drift !== null) {
    await recorder.record({ type: 'rollback.withheld', why: drift, decision: 'drift' });
    output.line(`not watched: ${drift}`);
    output.line(`  → ${commandHint(context, `status --env ${env}`)}   says what can be typed`);
    return { ...unguarded, fields: { drift } };
  }
  if (!resume) return null;
  const reading = await environment.health(state.version).check(context.signal);
  if (reading.ok !== false || reading.status !== undefined) return null;
  const why = `nobody answers at ${environment.config.url} (${reading.reason ?? 'no answer'}) as the watch goes on: after a reboot nothing starts a service by itself`;
  const start = commandHint(context, `start --env ${env}`);
  await recorder.record({ type: 'service.left-down', why, command: start });
  output.line(`${env.toUpperCase()} IS DOWN: ${why}`);
  output.line('nothing is restored by itself: release and data stay as they are');
  output.line(`  → ${start}   starts release ${active ?? '(none)'}`);
  output.line(
    `  → ${commandHint(context, `monitor --env ${env} --resume`)}   then goes on with the watch`,
  );
  if (state.kind === 'watch') await closeRun(open, { outcome: 'done', reason: why });
  return { ...unguarded, fields: { down: why } };
};
