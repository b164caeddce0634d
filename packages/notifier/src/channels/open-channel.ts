import type { ChannelConfig } from '../config/channel-schema.ts';
import { isBot } from '../config/secret-fields.ts';
import type { Channel, ChannelTools } from './channel.ts';
import { openEmailChannel } from './email.ts';
import { openHttpChannel } from './http-channels.ts';
import { openSlackBot } from './slack-bot.ts';

/** A channel of any type. */
export const openChannel = (config: ChannelConfig, tools: ChannelTools): Channel => {
  if (config.type === 'email') return openEmailChannel(config, tools);
  return config.type === 'slack' && isBot(config)
    ? openSlackBot(config, tools)
    : openHttpChannel(config, tools);
};

/**
 * Tries a second, unless `perSecond` says otherwise. Slack: "1 per second" (docs.slack.dev rate
 * limits); Teams: 60 in 30 s (legacy connector); Discord: 5 in 2 s per webhook is what its headers
 * were seen to say, so 2; the others have no common limit and get a modest one.
 */
export const defaultPerSecond: Readonly<Record<ChannelConfig['type'], number>> = {
  slack: 1,
  teams: 2,
  discord: 2,
  email: 5,
  webhook: 20,
  pagerduty: 2,
  opsgenie: 2,
  alertmanager: 20,
};
