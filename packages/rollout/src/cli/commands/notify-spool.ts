import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { openNotifier } from '../../operate/announcer.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
import { openEnvironment } from '../../operate/environment.ts';
import { formatTable } from '../format.ts';
import { type Run, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { exitOfReceipts, receiptLine } from './receipt-line.ts';

interface EnvFlags extends GlobalOptions {
  readonly env: string;
}

interface FlushFlags extends EnvFlags {
  /** ms */
  readonly every?: number;
}

interface DeadFlags extends EnvFlags {
  readonly all?: boolean;
}

const durationOf = (text: string): number => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw new InvalidArgumentError('expected a duration with a unit, such as 30s, 5m or 1h');
};

/** `notify flush`, `status`, `clear` and `revive`: what waits, and what was given up. */
export const registerNotifySpool = (notify: Command, run: Run): void => {
  const withEnv = (command: Command) =>
    withGlobalOptions(command.option('--env <name>', 'environment of rollout.yaml', 'production'));
  withEnv(
    notify
      .command('flush')
      .description('deliver the messages that wait in the spool')
      .option('--every <duration>', 'go on until it is stopped, this often: 30s, 5m', durationOf),
  ).action((flags: FlushFlags) => run('notify flush', flags, (context) => flush(context, flags)));
  withEnv(
    notify
      .command('status')
      .description('what waits in the spool, and what was given up, with reasons'),
  ).action((flags: EnvFlags) => run('notify status', flags, (context) => status(context, flags)));
  withEnv(
    notify
      .command('clear [ids...]')
      .description('take messages that were given up off the list: a person has seen to them')
      .option('--all', 'all of them'),
  ).action((ids: string[], flags: DeadFlags) =>
    run('notify clear', flags, async (context) => {
      const environment = await openEnvironment(context, flags.env);
      const cleared = await openNotifier(context, environment).clearDead(chosen(ids, flags));
      context.output.line(`cleared: ${cleared}`);
      return { exit: exitCodes.done, fields: { cleared } };
    }),
  );
  withEnv(
    notify
      .command('revive [ids...]')
      .description('put messages that were given up back into the spool, for the next flush')
      .option('--all', 'all of them'),
  ).action((ids: string[], flags: DeadFlags) =>
    run('notify revive', flags, async (context) => {
      const environment = await openEnvironment(context, flags.env);
      const revived = await openNotifier(context, environment).reviveDead(chosen(ids, flags));
      context.output.line(`waiting again: ${revived}`);
      return { exit: exitCodes.done, fields: { revived } };
    }),
  );
};

/** `undefined`: all. */
const chosen = (ids: readonly string[], { all }: DeadFlags): readonly string[] | undefined => {
  if (all === true && ids.length === 0) return undefined;
  if (all !== true && ids.length > 0) return ids;
  throw new RolloutError(
    'which-messages',
    exitCodes.usage,
    'expected the ids of messages, or --all; "notify status" lists what was given up',
  );
};

const flush = async (context: CommandContext, flags: FlushFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const notifier = openNotifier(context, environment);
  const { output, clock, signal } = context;
  const { every } = flags;
  if (every !== undefined) {
    // Ends as the signal that stops it says; what waits is then still in the spool.
    for (;;) {
      const { receipts } = await notifier.flush({ mode: 'due', signal });
      for (const receipt of receipts) {
        output.line(receiptLine(receipt));
        output.event({ type: 'receipt', ...receipt });
      }
      await clock.sleep(every, signal);
    }
  }
  const report = await notifier.flush({ signal });
  for (const receipt of report.receipts) output.line(receiptLine(receipt));
  if (report.problem !== null) output.warn(report.problem);
  else if (report.busy)
    output.line(`another flush is at work (${report.heldBy}); this one did nothing`);
  else if (report.receipts.length === 0)
    output.line(
      report.spooled + report.orphaned === 0
        ? 'nothing waits in the spool'
        : `${report.spooled + report.orphaned} wait, and none may be tried now: notify status says why`,
    );
  return { exit: exitOfReceipts(report.receipts), fields: { ...report } };
};

const status = async (context: CommandContext, flags: EnvFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const spool = await openNotifier(context, environment).status();
  const { output } = context;
  output.line(`waiting: ${spool.waiting.length}, given up: ${spool.dead.length}`);
  const rows = spool.channels.map(({ name, type, state, waiting, dead }) => [
    name,
    type,
    state,
    String(waiting),
    String(dead),
  ]);
  if (rows.length > 0)
    for (const line of formatTable([['channel', 'type', 'state', 'waiting', 'given up'], ...rows]))
      output.line(line);
  for (const { channel, event, title, attempts, reason } of spool.waiting)
    output.line(
      `waits: ${channel} ${event} "${title}", ${attempts} tries${reason === null ? '' : `: ${reason}`}`,
    );
  for (const { channel, event, reason, file } of spool.dead)
    output.line(
      `given up: ${channel ?? '?'} ${event ?? '?'}: ${reason} (${environment.shown(file)})`,
    );
  return { exit: exitCodes.done, fields: { ...spool } };
};
