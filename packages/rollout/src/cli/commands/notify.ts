import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { atomicWriteFile } from '@dhash/journal';
import { type Message, type Severity, severities } from '@dhash/notifier';
import { messageTypes, notifiableEvents } from '../../config/recipients.ts';
import { suggest } from '../../config/suggest.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { eventMessage, freeMessage, phases } from '../../notify/messages.ts';
import { openNotifier } from '../../notify/open-notifier.ts';
import { visible } from '../../words/visible.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { recipientsOf } from './notify-recipients.ts';
import { exitOfReceipts, receiptLine } from './receipt-line.ts';

interface SendFlags extends GlobalOptions {
  readonly env: string;
  readonly channels?: string;
  readonly dryRun?: boolean;
  readonly severity?: string;
  readonly title?: string;
  readonly outputFile?: string;
}

interface MessageFlags extends SendFlags {
  readonly message: string;
  readonly type?: string;
}

interface PhaseFlags extends SendFlags {
  readonly phase: string;
  readonly version?: string;
  readonly message?: string;
}

export const registerNotifySend: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--message <text>', 'what to say')
      .option('--type <type>', `${messageTypes.join(', ')}, or a template's event (default: test)`)
      .option('--severity <severity>', severities.join(', '))
      .option('--title <title>', 'headline')
      .option('--env <name>', 'environment of rollout.yaml', 'production')
      .option('--channels <names>', "channels, with commas (default: the environment's)")
      .option('--dry-run', 'render and check, send nothing')
      .option('--output-file <file>', 'also write the message as JSON'),
  )
    .addHelpText('after', sendExamples)
    .action((flags: MessageFlags) => run('notify send', flags, (context) => send(context, flags)));
};

export const registerNotifyPhase: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--phase <phase>', Object.keys(phases).join(', '))
      .option('--env <name>', 'environment of rollout.yaml', 'production')
      .option('--version <version>', 'release that the message is about')
      .option('--message <text>', 'a sentence to add')
      .option('--severity <severity>', severities.join(', '))
      .option('--channels <names>', "channels, with commas (default: the environment's)")
      .option('--dry-run', 'render and check, send nothing')
      .option('--output-file <file>', 'also write the message as JSON'),
  )
    .addHelpText('after', phaseExamples)
    .action((flags: PhaseFlags) => run('notify phase', flags, (context) => phase(context, flags)));
};

const sendExamples = `
Examples:
  node scripts/notify.js --message "Maintenance begins at 22:00 UTC"
  node scripts/notify.js --message "Queue is long" --type monitor --severity warning
  node scripts/notify.js --message "Restore drill passed" --type backup --title "Drill"
  node scripts/notify.js --message "Only the chat" --channels ops-chat
  node scripts/notify.js --message "What would be sent" --dry-run --output-file message.json`;

const phaseExamples = `
Examples:
  node scripts/deploy/deploy-notify.js --phase t-30 --env production --version 1.1
  node scripts/deploy/deploy-notify.js --phase t-0 --env production --version 1.1
  node scripts/deploy/deploy-notify.js --phase +15 --env production --version 1.1 --message "all quiet"
  node scripts/deploy/deploy-notify.js --phase failed --env production --severity critical
  node scripts/deploy/deploy-notify.js --phase success --dry-run --output-file success.json`;

const severityOf = (given: string | undefined): Severity | null => {
  if (given === undefined) return null;
  const severity = severities.find((known) => known === given);
  if (severity !== undefined) return severity;
  throw new RolloutError(
    'unknown-severity',
    exitCodes.usage,
    `--severity ${given}: expected ${severities.join(', ')}`,
  );
};

const emptyText = (flag: string): RolloutError =>
  new RolloutError(
    'bad-option',
    exitCodes.usage,
    `--${flag} is empty: expected what people are to read`,
  );

const typeOf = (given: string): string => {
  if (notifiableEvents.includes(given)) return given;
  throw new RolloutError(
    'unknown-type',
    exitCodes.usage,
    `--type ${given}: there is no such type; ${suggest(given, notifiableEvents)}`,
  );
};

const send = async (context: CommandContext, flags: MessageFlags): Promise<CommandResult> => {
  const isEmpty = (['message', 'title'] as const).find((flag) => flags[flag]?.trim() === '');
  if (isEmpty !== undefined) throw emptyText(isEmpty);
  const environment = await openEnvironment(context, flags.env);
  const message = freeMessage({
    service: environment.config.service,
    env: environment.config.env,
    type: flags.type === undefined ? null : typeOf(flags.type),
    text: flags.message,
    severity: severityOf(flags.severity),
    title: flags.title ?? null,
    nowMs: context.clock.now(),
  });
  return deliver(context, environment, message, flags);
};

const phase = async (context: CommandContext, flags: PhaseFlags): Promise<CommandResult> => {
  const event = Object.entries(phases).find(([name]) => name === flags.phase)?.[1];
  if (event === undefined)
    throw new RolloutError(
      'unknown-phase',
      exitCodes.usage,
      `--phase ${flags.phase}: expected one of ${Object.keys(phases).join(', ')}`,
    );
  if (flags.message?.trim() === '') throw emptyText('message');
  const environment = await openEnvironment(context, flags.env);
  const target = environment.target({ runId: 'notify', version: null, previous: null });
  const message = await eventMessage(environment, event, {
    nowMs: context.clock.now(),
    severity: severityOf(flags.severity),
    variables: {
      version: flags.version ?? (await target.current()) ?? '',
      ...(flags.message === undefined ? {} : { message: flags.message }),
    },
  });
  return deliver(context, environment, message, flags);
};

const deliver = async (
  context: CommandContext,
  environment: Environment,
  message: Message,
  flags: SendFlags,
): Promise<CommandResult> => {
  const { output } = context;
  const recipients = recipientsOf(environment, message, flags.channels);
  if (
    flags.outputFile !== undefined &&
    !existsSync(dirname(resolve(context.cwd, flags.outputFile)))
  )
    throw new RolloutError(
      'bad-option',
      exitCodes.usage,
      `--output-file ${flags.outputFile}: its folder does not exist`,
    );
  if (flags.outputFile !== undefined)
    await atomicWriteFile(
      resolve(context.cwd, flags.outputFile),
      `${JSON.stringify(message, null, 2)}\n`,
    );
  if (flags.dryRun === true) {
    output.line(visible(`[${message.severity}] ${message.title}`));
    if (message.summary !== '') output.line(visible(message.summary));
    for (const { name, value } of message.facts) output.line(visible(`  ${name}: ${value}`));
    for (const { channel, why } of recipients.without) output.line(`not to ${channel}: ${why}`);
    output.line(
      `would go to: ${recipients.channels.join(', ') || 'no channel'}; dry run: nothing was sent`,
    );
    return {
      exit: exitCodes.done,
      fields: { dryRun: true, message, channels: recipients.channels, without: recipients.without },
    };
  }
  if (recipients.isUnwanted) {
    for (const { channel, why } of recipients.without) output.line(`not to ${channel}: ${why}`);
    output.line('no channel takes this message; --channels sends it to one all the same');
    return { exit: exitCodes.done, fields: { id: message.id, receipts: [] } };
  }
  const notifier = openNotifier(context, environment);
  const { signal } = context;
  // What earlier commands could not deliver goes out first.
  const { problem } = await notifier.flush({ mode: 'due', signal });
  if (problem !== null) output.warn(`messages that wait: ${problem}`);
  const receipts = await notifier.send(message, {
    channels: recipients.asked,
    signal,
  });
  for (const receipt of receipts) output.line(receiptLine(receipt));
  if (receipts.length === 0) output.line('no channel is configured for this environment');
  return { exit: exitOfReceipts(receipts), fields: { id: message.id, receipts } };
};
