import { isAlerting, type Message, type Receipt } from '@dhash/notifier';
import { channelNames, channelsFor } from '../config/recipients.ts';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { messageOf } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import { freeMessage } from './messages.ts';
import { openNotifier } from './open-notifier.ts';
import { eventsOfABreak, sampleTest } from './sample-event.ts';

/** Whether a channel took a message over. */
export const hasArrived = ({ status }: Receipt): boolean =>
  status === 'delivered' || status === 'accepted';

const testMessage = (environment: Environment, text: string, nowMs: number): Message =>
  freeMessage({
    service: environment.config.service,
    env: environment.config.env,
    type: 'test',
    text,
    severity: null,
    title: null,
    nowMs,
  });

/** `ops-chat delivered 212 ms`, `ops-teams 404: the workflow is gone`. */
const testLine = (receipt: Receipt): string =>
  hasArrived(receipt)
    ? `${receipt.channel} ${receipt.status} ${Math.round(receipt.ms)} ms`
    : `${receipt.channel} ${receipt.status === 'off' ? 'off: ' : ''}${receipt.reason ?? receipt.status}`;

/** One real try to every channel of the environment, a line each; nothing is kept. */
export const testChannels = async (
  context: CommandContext,
  environment: Environment,
  text: string,
): Promise<Receipt[]> => {
  const message = testMessage(environment, text, context.clock.now());
  const receipts = await openNotifier(context, environment).test(message, {
    channels: channelNames(environment.config.notify),
    signal: context.signal,
  });
  for (const receipt of receipts) context.output.line(testLine(receipt));
  return receipts;
};

/**
 * Sends what each channel would hear of a release that breaks, as it will look there, marked as a test; a line each.
 * Channels that wake people hear none of it.
 */
export const testEvents = async (
  context: CommandContext,
  environment: Environment,
): Promise<Receipt[]> => {
  const { config } = environment;
  const notifier = openNotifier(context, environment);
  const waking = new Set(config.channels.filter(isAlerting).map(({ name }) => name));
  const all: Receipt[] = [];
  for (const event of eventsOfABreak) {
    const message = await sampleTest(environment, event, {
      nowMs: context.clock.now(),
      operator: currentUser(context.processEnv),
      onBadTemplate: (error) =>
        context.output.warn(`the message "${event}" goes out plain: ${messageOf(error)}`),
    });
    const channels = channelsFor(config.notify, message, 'rollout').filter(
      (name) => !waking.has(name),
    );
    const receipts = await notifier.test(message, { channels, signal: context.signal });
    for (const receipt of receipts) context.output.line(`${event}: ${testLine(receipt)}`);
    if (channels.length === 0) context.output.line(`${event}: goes to no channel`);
    all.push(...receipts);
  }
  for (const name of waking)
    context.output.line(`${name}: not woken for a test; notify preview shows what it would get`);
  return all;
};
