import { isChannelOff, type Message, whyOff } from '@dhash/notifier';
import { channelsFor, channelsWithout } from '../../config/recipients.ts';
import type { Environment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';

/** Who gets a person's message, and who does not. */
export interface Recipients {
  /** What the notifier is asked for; those that are off among them, so that it says so. */
  readonly asked: readonly string[];
  /** Those of them that are on. */
  readonly channels: readonly string[];
  readonly without: readonly { readonly channel: string; readonly why: string }[];
  /** Channels are on, and `events` or `minSeverity` keep it from all of them. */
  readonly isUnwanted: boolean;
}

/**
 * By `--channels`, else by the environment's `notify`.
 * @throws RolloutError exit 2 for a named channel that there is none of, or that is off.
 */
export const recipientsOf = (
  { config }: Environment,
  message: Message,
  named: string | undefined,
): Recipients => {
  const known = new Map(config.channels.map((channel) => [channel.name, channel]));
  const offBecause = (name: string): string | null => {
    const channel = known.get(name);
    return channel !== undefined && isChannelOff(channel) ? `off: ${whyOff(channel)}` : null;
  };
  const isOff = (name: string): boolean => offBecause(name) !== null;
  if (named !== undefined) {
    const asked = [...new Set(named.split(',').map((name) => name.trim()))];
    const unknown = asked.find((name) => !known.has(name));
    if (unknown !== undefined)
      throw new RolloutError(
        'unknown-channel',
        exitCodes.usage,
        `--channels ${named}: ${unknown === '' ? 'a name is empty' : `"${unknown}" is no channel of ${config.env}`}; its notify names ${[...known.keys()].join(', ') || 'none'}`,
      );
    const off = asked.filter(isOff);
    if (off.length > 0)
      throw new RolloutError(
        'channel-off',
        exitCodes.usage,
        `--channels ${named}: ${off.join(', ')} ${off.length === 1 ? 'is' : 'are'} off, because the variable in ${off.map((name) => `channels.${name}`).join(', ')} of rollout.yaml is not set; set it, or leave the name out. Nothing was sent`,
      );
    return { asked, channels: asked, without: [], isUnwanted: false };
  }
  const asked = channelsFor(config.notify, message, 'person');
  const unwanted = channelsWithout(config.notify, message, 'person');
  const off = asked.flatMap((channel) => {
    const why = offBecause(channel);
    return why === null ? [] : [{ channel, why }];
  });
  const channels = asked.filter((name) => !isOff(name));
  return {
    asked,
    channels,
    without: [
      ...off,
      ...unwanted.map(({ channel, why }) => ({ channel, why: offBecause(channel) ?? why })),
    ],
    isUnwanted: channels.length === 0 && unwanted.some(({ channel }) => !isOff(channel)),
  };
};
