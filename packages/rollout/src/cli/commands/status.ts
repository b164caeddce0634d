import { resolve } from 'node:path';
import { readLock } from '@dhash/journal';
import { provenOfFile } from '../../backup/proven-backup.ts';
import { waysOut } from '../../deploy/plan.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { describeHolder } from '../../environment/lock.ts';
import { exitCodes } from '../../errors.ts';
import { displayedStatus, type RunState, whichRelease } from '../../record/run-state.ts';
import { newestChange, surveyRuns } from '../../record/runs.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { newestUsable } from './backup/latest.ts';

interface StatusFlags extends GlobalOptions {
  readonly env: string;
}

export const registerStatus: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('status')
      .description('what runs, what is open, who holds the lock')
      .option('--env <name>', 'environment of rollout.yaml', 'production'),
  ).action((flags: StatusFlags) => run('status', flags, (context) => showStatus(context, flags)));
};

/** The backup that a rollback would take now: the open run's own, else the newest that can be relied on. */
const wayBackOf = async (
  { config, shown }: Environment,
  newest: RunState | null,
  nowMs: number,
): Promise<{ file: string; proven: string } | null> => {
  if (config.data.length === 0) return null;
  const own = newest === null || newest.closed ? null : newest.backup;
  const file = own === null ? (await newestUsable(config, nowMs))?.file : resolve(config.root, own);
  return file === undefined ? null : { file, proven: await provenOfFile(config, file, shown) };
};

const showStatus = async (context: CommandContext, flags: StatusFlags): Promise<CommandResult> => {
  const { output } = context;
  const environment = await openEnvironment(context, flags.env);
  const { config, layout, shown } = environment;
  const target = environment.target({ runId: 'status', version: null, previous: null });
  const active = await target.current();
  const reading = await environment.health(active).check(context.signal);
  const lock = await readLock(target.lockFile);
  const { runs, broken } = await surveyRuns(layout, config.env);
  const newest = newestChange(runs);

  output.line(`${config.service} ${config.env} at ${config.url}`);
  output.line(`  release   ${active ?? 'none is active'}`);
  output.line(
    `  health    ${reading.ok === true ? `OK (${reading.ms ?? '?'} ms)` : `not OK: ${reading.reason ?? 'no answer'}`}`,
  );
  output.line(
    `  lock      ${lock === null ? 'free' : `${describeHolder(lock.holder)}${lock.alive ? '' : ': that process is gone'}`}`,
  );
  const status =
    newest === null
      ? null
      : displayedStatus(newest.state, lock?.alive === true && lock.holder.run === newest.state.run);
  if (newest === null || status === null) output.line('  run       none yet');
  else {
    output.line(`  run       ${newest.state.run}: ${status}${whichRelease(newest.state)}`);
    for (const reason of newest.state.reasons)
      output.line(`            ${reason.split('\n', 1)[0]}`);
    output.line(`  head      ${newest.state.head}`);
    if (!newest.state.closed)
      for (const way of waysOut(config.env, status)) output.line(`  → ${way}`);
  }
  const wayBack = await wayBackOf(environment, newest?.state ?? null, context.clock.now());
  if (wayBack !== null) {
    output.line(`  way back  ${shown(wayBack.file)}`);
    output.line(`            ${wayBack.proven}`);
  }
  for (const { run, problem } of broken)
    output.line(`  BROKEN    ${run}: its record does not verify: ${problem}`);
  return {
    exit: exitCodes.done,
    ...(newest === null ? {} : { run: newest.state.run }),
    fields: {
      env: config.env,
      release: active,
      health: reading,
      lock,
      newest: newest?.state ?? null,
      status,
      wayBack,
      broken,
    },
  };
};
