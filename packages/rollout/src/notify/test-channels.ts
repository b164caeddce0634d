import type { Message, Receipt } from '@dhash/notifier';
import { channelNames } from '../config/recipients.ts';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { openNotifier } from './announcer.ts';
import { freeMessage } from './messages.ts';

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
