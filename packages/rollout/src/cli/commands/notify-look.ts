import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkChannels, checkTemplates, eventNames, previewMessage } from '@dhash/notifier';
import type { Command } from 'commander';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { eventMessage } from '../../notify/messages.ts';
import { hasArrived, testChannels } from '../../notify/test-channels.ts';
import { type Run, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface EnvFlags extends GlobalOptions {
  readonly env: string;
}

interface PreviewFlags extends EnvFlags {
  readonly event: string;
  readonly channel: string;
}

const types = [
  ...(['slack', 'teams', 'discord', 'email', 'webhook'] as const),
  ...(['pagerduty', 'opsgenie', 'alertmanager'] as const),
];

/** `notify preview`, `check` and `test`: those that look, and one real try. */
export const registerNotifyLook = (notify: Command, run: Run): void => {
  const withEnv = (command: Command) =>
    withGlobalOptions(command.option('--env <name>', 'environment of rollout.yaml', 'production'));
  withEnv(
    notify
      .command('preview')
      .description('print the exact bytes that a channel would be sent for an event')
      .requiredOption('--event <event>', "a template's event, such as gate-break")
      .requiredOption(
        '--channel <channel>',
        `a channel of rollout.yaml, or one of ${types.join(', ')}`,
      ),
  ).action((flags: PreviewFlags) =>
    run('notify preview', flags, (context) => preview(context, flags)),
  );
  withEnv(notify.command('check').description('check channels and templates, send nothing')).action(
    (flags: EnvFlags) => run('notify check', flags, (context) => check(context, flags)),
  );
  withEnv(
    notify
      .command('test')
      .description('one real try to every channel that is on; nothing is kept')
      .option('--all', 'every channel of the environment (the default)'),
  ).action((flags: EnvFlags) => run('notify test', flags, (context) => test(context, flags)));
};

/** Values as an event has them: what tells of a fault stands only where there was one. */
const sampleOf = (event: string): Record<string, string> => {
  const always = {
    version: '1.2',
    previous: '1.1',
    report: 'monitor_logs/RUN/report.html',
    backup: 'backups/dhash_20261124T020000Z_production.zip',
  };
  if (event.startsWith('t-plus-')) return { ...always, decision: 'continue' };
  if (event === 'deploy-failed')
    return { ...always, step: 'health', reason: 'health: GET /health answered 503 for 30 s' };
  if (event === 'inconclusive')
    return { ...always, decision: 'inconclusive', reason: 'too few samples of p95HashTime' };
  if (!/^(gate-break|rollback-)/.test(event)) return always;
  return {
    ...always,
    gate: 'p95HashTime',
    sentence: 'p95HashTime broke: q0.95 2310 ms over 15 min, over the limit of 2000 ms',
    decision: 'rollback',
    reason: 'p95HashTime broke',
    incident: 'incidents/RUN',
  };
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
  const message = await eventMessage(environment, flags.event, {
    nowMs: context.clock.now(),
    run: { id: 'preview', head: '' },
    variables: sampleOf(flags.event),
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

const test = async (context: CommandContext, flags: EnvFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const receipts = await testChannels(
    context,
    environment,
    'A test of this channel. Nothing has happened.',
  );
  const failed = receipts.some(({ status: how }) => how === 'lost' || how === 'dead');
  const arrived = receipts.some(hasArrived);
  if (!arrived) context.output.line('no channel took the message');
  return {
    exit: failed || !arrived ? exitCodes.failed : exitCodes.done,
    fields: { receipts },
  };
};
