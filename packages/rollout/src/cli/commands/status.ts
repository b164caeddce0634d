import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { salvageHint } from '../../environment/salvage-hint.ts';
import { type ExitCode, exitCodes } from '../../errors.ts';
import { describeDowntime, downtimeOf } from '../../record/downtime.ts';
import { displayedStatus, whichRelease } from '../../record/run-state.ts';
import { standingOf } from '../../record/standing.ts';
import { describeWayBack } from '../../record/way-back.ts';
import { headline } from '../../status/headline.ts';
import { isDown, readStatus, type StatusNow } from '../../status/read-status.ts';
import { wayOutLines } from '../../takeover/way-out-lines.ts';
import { formatDuration } from '../../words/format.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface StatusFlags extends GlobalOptions {
  readonly env: string;
  readonly exitCode?: boolean;
  readonly watch?: boolean;
}

export const registerStatus: Register = (command, run) => {
  withGlobalOptions(
    command
      .option('--env <name>', 'environment of rollout.yaml', 'production')
      .option(
        '--exit-code',
        'end with 0 only where the service is well and no run needs anybody: 1 it is not well, 3 a run is open, 6 people are needed',
      )
      .option('--watch', 'show it again every five seconds, until Ctrl-C'),
  ).action((flags: StatusFlags) =>
    run('status', flags, (context) =>
      flags.watch === true ? showOverAndOver(context, flags) : showStatus(context, flags),
    ),
  );
};

/** What `--exit-code` answers: a script can ask without reading. */
const exitOf = (now: StatusNow): ExitCode => {
  const standing = standingOf(now.situation);
  const needsPeople = ['not validated', 'not rolled back', 'deploy stuck', 'migration stuck'];
  if (needsPeople.includes(standing) || (standing !== 'closed' && isDown(now)))
    return exitCodes.rollbackNotValidated;
  if (now.service.health.ok !== true) return exitCodes.failed;
  return standing === 'closed' ? exitCodes.done : exitCodes.inconclusive;
};

const showLive = (context: CommandContext, { config }: Environment, now: StatusNow): void => {
  const { output } = context;
  const { active, health } = now.service;
  output.line(`  service   ${config.service} at ${config.url}`);
  output.line(`  release   ${active ?? 'none is active'}`);
  output.line(
    `  health    ${health.ok === true ? `OK (${health.ms ?? '?'} ms)` : `not OK: ${health.reason ?? 'no answer'}`}`,
  );
  output.line(`  lock      ${now.lockWords}`);
};

const showRun = (context: CommandContext, now: StatusNow, status: string | null): void => {
  const { output } = context;
  const { newest, watch } = now;
  if (newest === null || status === null) {
    output.line('  run       none yet');
    return;
  }
  output.line(`  run       ${newest.state.run}: ${status}${whichRelease(newest.state)}`);
  for (const reason of newest.state.reasons) output.line(`            ${reason.split('\n', 1)[0]}`);
  output.line(`  head      ${newest.state.head}`);
  const down = describeDowntime(downtimeOf(newest.events), context.clock.now());
  if (down !== null) output.line(`  downtime  ${down}`);
  if (watch === null) return;
  output.line(
    `  watch     +${formatDuration(watch.elapsedMs)} of ${formatDuration(watch.durationMs)}`,
  );
  for (const { gate, verdict, sentence } of watch.gates)
    output.line(`            ${verdict.padEnd(7)} ${gate}: ${sentence}`);
};

/** Between two looks of `--watch`, ms. */
const lookEveryMs = 5000;
/** From the first cell on, what was there before is erased. */
const clearScreen = '\u001b[H\u001b[2J';

/** Ends only by a signal, and so by its exit code. */
const showOverAndOver = async (
  context: CommandContext,
  flags: StatusFlags,
): Promise<CommandResult> => {
  const { output, clock, signal } = context;
  for (;;) {
    if (output.interactive) output.write(clearScreen);
    const { fields } = await showStatus(context, flags);
    output.event({ type: 'status', ...fields });
    output.line(`  as of     ${new Date(clock.now()).toISOString()}`);
    await clock.sleep(lookEveryMs, signal);
  }
};

const showStatus = async (context: CommandContext, flags: StatusFlags): Promise<CommandResult> => {
  const { output } = context;
  const environment = await openEnvironment(context, flags.env);
  const { config, shown } = environment;
  const now = await readStatus(context, environment);
  const { newest, situation, wayBack, broken, lock } = now;
  const status =
    newest === null
      ? null
      : displayedStatus(newest.state, lock?.alive === true && lock.holder.run === newest.state.run);
  output.line(headline({ config }, now));
  showLive(context, environment, now);
  showRun(context, now, status);
  for (const file of now.setAside) output.line(`  set aside ${shown(file)}`);
  if (newest !== null && now.setAside.length > 0)
    output.line(`            look into it with: ${salvageHint(context, newest.state.run)}`);
  if (wayBack !== null) {
    output.line(`  way back  ${shown(wayBack.file)}`);
    output.line(`            ${wayBack.proven}`);
    if (wayBack.answer !== null) output.line(`            ${describeWayBack(wayBack.answer)}`);
  }
  for (const { run, problem, isUnreadable } of broken)
    output.line(
      `  BROKEN    ${run}: ${isUnreadable ? 'its record says nothing' : "its record can't be relied on"}: ${problem}`,
    );
  const needsAct = (newest !== null && !newest.state.closed) || isDown(now);
  const lines = needsAct
    ? await wayOutLines(context, environment, situation, { serviceDown: isDown(now) })
    : [];
  if (lines.length > 0) output.line('what can be typed now, the recommended first:');
  for (const line of lines) output.line(`  → ${line}`);
  return {
    exit: flags.exitCode === true ? exitOf(now) : exitCodes.done,
    ...(newest === null ? {} : { run: newest.state.run }),
    fields: {
      env: config.env,
      headline: headline({ config }, now),
      release: now.service.active,
      health: now.service.health,
      lock,
      newest: newest?.state ?? null,
      downtime: newest === null ? null : downtimeOf(newest.events),
      status,
      standing: standingOf(situation),
      down: isDown(now),
      drift: situation.drift,
      watch: now.watch,
      setAside: now.setAside,
      ways: lines,
      wayBack,
      broken,
    },
  };
};
