import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkChannels, checkTemplates, eventNames, previewMessage } from '@dhash/notifier';
import type { Command } from 'commander';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { sampleMessage } from '../../notify/sample-event.ts';
import { hasArrived, testChannels, testEvents } from '../../notify/test-channels.ts';
import { currentUser } from '../../process/who.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface EnvFlags extends GlobalOptions {
  readonly env: string;
}

interface TestFlags extends EnvFlags {
  readonly events?: boolean;
}

interface PreviewFlags extends EnvFlags {
  readonly event: string;
  readonly channel: string;
}

const types = [
  ...(['slack', 'teams', 'discord', 'email', 'webhook'] as const),
  ...(['pagerduty', 'opsgenie', 'alertmanager'] as const),
];

const withEnv = (command: Command): Command =>
  withGlobalOptions(command.option('--env <name>', 'environment of rollout.yaml', 'production'));

export const registerNotifyPreview: Register = (command, run) => {
  withEnv(
    command
      .requiredOption('--event <event>', "a template's event, such as gate-break")
      .requiredOption(
        '--channel <channel>',
        `a channel of rollout.yaml, or one of ${types.join(', ')}`,
      ),
  ).action((flags: PreviewFlags) =>
    run('notify preview', flags, (context) => preview(context, flags)),
  );
};

export const registerNotifyCheck: Register = (command, run) => {
  withEnv(command).action((flags: EnvFlags) =>
    run('notify check', flags, (context) => check(context, flags)),
  );
};

export const registerNotifyTest: Register = (command, run) => {
  withEnv(
    command
      .option('--all', 'every channel of the environment (the default)')
      .option('--events', 'then what each would hear of a release that breaks, marked as a test'),
  ).action((flags: TestFlags) => run('notify test', flags, (context) => test(context, flags)));
};

const preview = async (context: CommandContext, flags: PreviewFlags): Promise<CommandResult> => {
  if (!eventNames.includes(flags.event))
    throw new RolloutError(
      'unknown-event',
      exitCodes.usage,
      `--event ${flags.event}: expected one of ${eventNames.join(', ')}`,
    );
  const environment = await openEnvironment(context, flags.env);
  const channel =
    environment.config.channels.find(({ name }) => name === flags.channel) ??
    types.find((type) => type === flags.channel);
  if (channel === undefined)
    throw new RolloutError(
      'unknown-channel',
      exitCodes.usage,
      `--channel ${flags.channel}: no such channel; there are ${environment.config.channels.map(({ name }) => name).join(', ') || 'none'}, and the types ${types.join(', ')}`,
    );
  const message = await sampleMessage(environment, flags.event, {
    nowMs: context.clock.now(),
    operator: currentUser(context.processEnv),
  });
  const { contentType, body } = await previewMessage(message, channel);
  context.output.line(body);
  return { exit: exitCodes.done, fields: { contentType, body } };
};

const check = async (context: CommandContext, flags: EnvFlags): Promise<CommandResult> => {
  const { output } = context;
  const { config } = await openEnvironment(context, flags.env);
  const channels = await checkChannels(config.channels);
  for (const { channel, type, state, problems } of channels)
    output.line(`${channel} (${type}): ${[state, ...problems].join('; ')}`);
  const folder = join(config.root, 'templates', 'notifications');
  const templates = existsSync(folder) ? await checkTemplates(folder) : { issues: [], missing: [] };
  for (const { file, line, column, message } of templates.issues)
    output.line(`${file}:${line}:${column} ${message}`);
  if (templates.missing.length > 0) output.warn(`no template for: ${templates.missing.join(', ')}`);
  const bad = templates.issues.length + channels.filter(({ state }) => state === 'bad').length;
  if (bad === 0) output.line('channels and templates are as they should be');
  return {
    exit: bad === 0 ? exitCodes.done : exitCodes.usage,
    fields: { channels, ...templates },
  };
};

const test = async (context: CommandContext, flags: TestFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const receipts = [
    ...(await testChannels(context, environment, 'A test of this channel. Nothing has happened.')),
    ...(flags.events === true ? await testEvents(context, environment) : []),
  ];
  const failed = receipts.some(({ status: how }) => how === 'lost' || how === 'dead');
  const arrived = receipts.some(hasArrived);
  if (!arrived) context.output.line('no channel took the message');
  return {
    exit: failed || !arrived ? exitCodes.failed : exitCodes.done,
    fields: { receipts },
  };
};
