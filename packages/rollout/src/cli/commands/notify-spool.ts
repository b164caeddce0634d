import type { Notifier, SpoolStatus, WaitingMessage } from '@dhash/notifier';
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { type CommandContext, type CommandResult, commandHint } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { openNotifier } from '../../notify/open-notifier.ts';
import { formatInstant, formatTable } from '../../words/format.ts';
import { visible } from '../../words/visible.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { exitOfReceipts, receiptLine } from './receipt-line.ts';

interface EnvFlags extends GlobalOptions {
  readonly env: string;
}

interface FlushFlags extends EnvFlags {
  /** ms */
  readonly every?: number;
  readonly now?: boolean;
}

interface DeadFlags extends EnvFlags {
  readonly all?: boolean;
}

const durationOf = (text: string): number => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  throw new InvalidArgumentError('expected a duration with a unit, such as 30s, 5m or 1h');
};

const withEnv = (command: Command): Command =>
  withGlobalOptions(command.option('--env <name>', 'environment of rollout.yaml', 'production'));

export const registerNotifyFlush: Register = (command, run) => {
  withEnv(
    command
      .option('--every <duration>', 'go on until it is stopped, this often: 30s, 5m', durationOf)
      .option('--now', 'also to channels whose server asked to be left alone for a while'),
  ).action((flags: FlushFlags) => run('notify flush', flags, (context) => flush(context, flags)));
};

export const registerNotifyStatus: Register = (command, run) => {
  withEnv(command).action((flags: EnvFlags) =>
    run('notify status', flags, (context) => status(context, flags)),
  );
};

export const registerNotifyClear: Register = (command, run) => {
  withEnv(command.option('--all', 'all of them')).action((ids: string[], flags: DeadFlags) =>
    run('notify clear', flags, async (context) => {
      const environment = await openEnvironment(context, flags.env);
      const cleared = await openNotifier(context, environment).clearDead(chosen(ids, flags));
      context.output.line(`cleared: ${cleared}`);
      return { exit: exitCodes.done, fields: { cleared } };
    }),
  );
};

export const registerNotifyRevive: Register = (command, run) => {
  withEnv(command.option('--all', 'all of them')).action((ids: string[], flags: DeadFlags) =>
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
  const { every, now } = flags;
  if (every !== undefined && now === true)
    throw new RolloutError(
      'bad-option',
      exitCodes.usage,
      '--now and --every: a person lifts a pause once; leave one of them out',
    );
  if (every !== undefined) {
    // Ends as the signal that stops it says; what waits is then still in the spool.
    for (;;) {
      const { receipts, problem } = await notifier.flush({ mode: 'due', waits: 'long', signal });
      if (problem !== null) output.warn(problem);
      for (const receipt of receipts) {
        output.line(receiptLine(receipt));
        output.event({ type: 'receipt', ...receipt });
      }
      await clock.sleep(every, signal);
    }
  }
  const report = await notifier.flush({ signal, mode: now === true ? 'held-too' : 'now' });
  for (const receipt of report.receipts) output.line(receiptLine(receipt));
  if (report.busy) output.line(`another flush is at work (${report.heldBy}); this one did nothing`);
  else if (report.problem !== null) output.warn(report.problem);
  else if (report.spooled + report.orphaned === 0) {
    if (report.receipts.length === 0) output.line('nothing waits in the spool');
  } else await tellWaiting(context, notifier);
  const left = report.busy || report.spooled + report.orphaned > 0;
  const exit = report.problem !== null ? exitCodes.failed : exitOfReceipts(report.receipts);
  return {
    exit: exit === exitCodes.done && left ? exitCodes.inconclusive : exit,
    fields: { ...report },
  };
};

const shownAtMost = 10;

/** What still waits after a flush, each with what it waits for. */
const tellWaiting = async (
  { output, clock }: CommandContext,
  notifier: Notifier,
): Promise<void> => {
  const { waiting, channels } = await notifier.status();
  output.line(`still waiting: ${waiting.length}`);
  for (const message of waiting.slice(0, shownAtMost))
    output.line(`  ${waitingLine(message, channels, clock.now())}`);
  if (waiting.length > shownAtMost)
    output.line(`  and ${waiting.length - shownAtMost} more: notify status lists them`);
};

/** `ops-chat gate-break "…", 3 tries: 503; the server asked … until 2026-11-23 20:01:00 UTC`. */
const waitingLine = (
  message: WaitingMessage,
  channels: SpoolStatus['channels'],
  nowMs: number,
): string => {
  const { channel, event, title, attempts, reason, claimedBy, retryAt, isOrphaned } = message;
  const heldUntil = channels.find(({ name }) => name === channel)?.heldUntil ?? null;
  const next =
    claimedBy !== null
      ? `${claimedBy} is delivering it`
      : isOrphaned
        ? 'its channel is not in rollout.yaml, or its variable is not set'
        : heldUntil !== null
          ? `the server asked to be left alone until ${formatInstant(heldUntil)}; notify flush --now goes there all the same`
          : retryAt > nowMs
            ? `tried again by commands from ${formatInstant(retryAt)} on, by notify flush at once`
            : 'the next command or notify flush tries it';
  const tried = `${attempts} ${attempts === 1 ? 'try' : 'tries'}${reason === null ? '' : `: ${reason}`}`;
  return visible(`${channel} ${event} "${title}", ${tried}; ${next}`);
};

const status = async (context: CommandContext, flags: EnvFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const notifier = openNotifier(context, environment);
  const spool = await notifier.status();
  const repeating = await notifier.repeating();
  const { output, clock } = context;
  output.line(`waiting: ${spool.waiting.length}, given up: ${spool.dead.length}`);
  const rows = spool.channels.map(
    ({ name, type, state, heldUntil, needsPeople, waiting, dead }) => [
      name,
      type,
      [
        heldUntil === null ? state : `${state} until ${formatInstant(heldUntil)}`,
        ...(needsPeople === null ? [] : ['needs people']),
      ].join(', '),
      String(waiting),
      String(dead),
    ],
  );
  if (rows.length > 0)
    for (const line of formatTable([['channel', 'type', 'state', 'waiting', 'given up'], ...rows]))
      output.line(line);
  for (const message of spool.waiting)
    output.line(`waits: ${waitingLine(message, spool.channels, clock.now())}`);
  for (const { id, channel, event, reason, file } of spool.dead)
    output.line(
      visible(
        `given up: ${channel ?? '?'} ${event ?? '?'}: ${reason} (${environment.shown(file)}${id === null ? '' : `; notify revive ${id}, or notify clear ${id}`})`,
      ),
    );
  for (const { run, title, count } of repeating)
    output.line(
      visible(
        `said again: "${title}", ${count === 1 ? 'once' : `${count} times`} so far; ${commandHint(context, `ack ${run} --env ${flags.env}`)} ends it`,
      ),
    );
  for (const problem of spool.unreadable)
    output.line(
      visible(`not a message: ${problem}; the next notify flush moves it to notifications/dead/`),
    );
  return { exit: exitCodes.done, fields: { ...spool, repeating } };
};
