import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { type HeldLock, recordTakeOver } from '../environment/lock.ts';
import type { OpenRun } from '../environment/open-run.ts';
import { salvageHint } from '../environment/salvage-hint.ts';
import { showSteps } from '../environment/show-steps.ts';
import { leavePages } from '../pages/write-run-pages.ts';
import type { Recorder } from '../record/recorder.ts';
import { openAnnouncer } from './announcer.ts';
import { messagesOf } from './event-messages.ts';
import { withDowntime } from './with-downtime.ts';

/**
 * Works on a run under its lock: what happens is shown and announced from its events, and at the end its messages
 * are waited for, its pages are written and its record is closed, whatever happens.
 */
export const workOnRun = async <T>(
  context: CommandContext,
  environment: Environment,
  { lock, recorder }: { readonly lock: HeldLock; readonly recorder: Recorder },
  work: (run: OpenRun) => Promise<T>,
): Promise<T> => {
  const seen = recorder.events.length;
  const announcer = openAnnouncer(context, environment, recorder);
  const files = environment.layout.run(recorder.run);
  const shown = {
    path: environment.shown,
    typed: (command: string, flags = '') =>
      commandHint(context, `${command} --env ${environment.config.env} ${flags}`.trimEnd()),
    report: environment.shown(files.report),
    incident: environment.shown(files.incident),
    salvage: salvageHint(context, recorder.run),
  };
  recorder.onEvent(showSteps(context.output));
  recorder.onEvent((event) => {
    const { events } = recorder;
    const messages = withDowntime(messagesOf(event, events, shown), event, events);
    for (const { event: name, variables, standing } of messages)
      announcer.announce(name, variables, standing);
  });
  try {
    await recordTakeOver(context, recorder, lock);
    return await work({ context, environment, recorder, lock, announcer });
  } finally {
    await announcer.settle();
    await leavePages(context, environment, recorder, seen);
    await recorder.close();
  }
};
