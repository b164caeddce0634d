import { existsSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { readLock } from '@dhash/journal';
import { surveyAll } from '../../environment/all-layouts.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { salvageHint } from '../../environment/salvage-hint.ts';
import { exitCodes, messageOf } from '../../errors.ts';
import { describeDowntime, downtimeOf, downtimeUntil } from '../../record/downtime.ts';
import { lastOf } from '../../record/events.ts';
import { type Layout, layoutOf } from '../../record/layout.ts';
import { displayedStatus } from '../../record/run-state.ts';
import type { RecordedRun } from '../../record/runs.ts';
import { setAsideCopies } from '../../record/set-aside-copies.ts';
import { formatDuration, formatTable } from '../../words/format.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface HistoryFlags extends GlobalOptions {
  readonly env?: string;
}

export const registerHistory: Register = (command, run) => {
  withGlobalOptions(command.option('--env <name>', 'only this environment')).action(
    (flags: HistoryFlags) => run('history', flags, (context) => showHistory(context, flags)),
  );
};

const showHistory = async (
  context: CommandContext,
  flags: HistoryFlags,
): Promise<CommandResult> => {
  const layout = layoutOf(dirname(context.configFile));
  const survey = await surveyAll(context, flags.env ?? null);
  const open = survey.runs.filter(({ state }) => !state.closed).map(({ state }) => state.env);
  const held = new Map<string, string | null>();
  for (const env of new Set(open)) held.set(env, await heldRun(context, env));
  const nowMs = context.clock.now();
  const runs = survey.runs.map((run) => ({
    ...run.state,
    status: displayedStatus(run.state, held.get(run.state.env) === run.state.run),
    ...storyOf(layout, run, nowMs),
  }));
  if (runs.length === 0 && survey.broken.length === 0) context.output.line('no run yet');
  else {
    const rows = runs.map((row) => [
      row.openedAt.slice(0, 19).replace('T', ' '),
      row.env,
      row.kind,
      row.version ?? '-',
      row.status,
      row.user,
      row.tookMs === null ? '-' : formatDuration(row.tookMs),
      row.downMs === null ? '-' : formatDuration(row.downMs),
      row.run,
    ]);
    for (const line of formatTable([
      ['when (UTC)', 'env', 'kind', 'release', 'status', 'who', 'took', 'down', 'run'],
      ...rows,
      ...survey.broken.map(({ run }) => ['?', '?', '?', '?', 'broken record', '?', '?', '?', run]),
    ]))
      context.output.line(line);
    for (const { run, why, page, downtime } of runs) {
      const down = describeDowntime(downtime, nowMs);
      if (down !== null) context.output.detail(`${run}: ${down}`);
      if (why !== null) context.output.detail(`${run}: ${why}`);
      if (page !== null) context.output.detail(`${run}: ${page}`);
    }
    for (const { run, setAside } of runs
      .filter((one) => one.setAside.length > 0)
      .slice(0, mostHints))
      context.output.line(
        `${run} set aside what was live (${setAside.length === 1 ? '1 copy' : `${setAside.length} copies`}): ${salvageHint(context, run)}`,
      );
  }
  return { exit: exitCodes.done, fields: { runs, broken: survey.broken } };
};

/** So many runs that set something aside are told of, the newest first. */
const mostHints = 3;

/** Who began a run, how long it took and was down, why it ended as it did, and where its page is. */
const storyOf = (layout: Layout, { state, events }: RecordedRun, nowMs: number) => {
  const { report } = layout.run(state.run);
  const downtime = downtimeOf(events);
  return {
    downtime,
    // Of a run that is closed, what followed is another run's.
    downMs: downtimeUntil(downtime, state.endedAt === null ? nowMs : Date.parse(state.endedAt)),
    setAside: setAsideCopies(state.run, events)
      .map(({ file }) => file)
      .filter(existsSync),
    user: lastOf(events, 'run.opened')?.user ?? '?',
    tookMs: state.endedAt === null ? null : Date.parse(state.endedAt) - Date.parse(state.openedAt),
    why: state.reasons.length === 0 ? null : state.reasons.join('; '),
    page: existsSync(report) ? relative(layout.root, report) : null,
  };
};

/** The run that a living process of this environment works on; `null` where none does. */
const heldRun = async (context: CommandContext, env: string): Promise<string | null> => {
  try {
    const environment = await openEnvironment(context, env);
    const lock = await readLock(environment.lockFile);
    return lock?.alive === true ? (lock.holder.run ?? null) : null;
  } catch (error) {
    // The record can be read without the configuration, and an old environment may have left it.
    context.output.warn(
      `whether a process still works on ${env} can't be told, so its open run is shown as interrupted: ${messageOf(error)}`,
    );
    return null;
  }
};
