import { composeMail } from './channels/email.ts';
import { loadNodemailer } from './channels/load-nodemailer.ts';
import { parseAddress } from './config/addresses.ts';
import type { ChannelConfig } from './config/channel-schema.ts';
import { type Message, parseMessage } from './message.ts';
import { renderAlertmanager } from './render/alertmanager.ts';
import { renderDiscord } from './render/discord.ts';
import { renderOpsgenie } from './render/opsgenie.ts';
import { renderPagerduty } from './render/pagerduty.ts';
import { renderSlack } from './render/slack.ts';
import { renderTeams } from './render/teams.ts';
import { renderWebhook } from './render/webhook.ts';

/** What would go over the wire. */
export interface Preview {
  readonly contentType: string;
  /** The exact bytes of a first try: JSON, or a whole mail. */
  readonly body: string;
}

const example = {
  type: 'email',
  name: 'email',
  from: 'deploy@example.org',
  to: 'ops@example.org',
} as const;

const mailBytes = async (
  message: Message,
  config: Extract<ChannelConfig, { type: 'email' }>,
): Promise<string> => {
  const { createTransport } = await loadNodemailer();
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  const info = await transport.sendMail(
    composeMail(
      config,
      { message, notes: [], redelivery: [] },
      parseAddress(config.from),
      [config.to].flat().map(parseAddress),
    ),
  );
  return String(info.message);
};

/**
 * What a channel, or a type of channel, would send for a message; sends nothing. A mail of a bare
 * type goes from and to addresses of example.org.
 * @throws NotifierError `bad-message`; `bad-config` for a mail address that is none.
 */
export const previewMessage = async (
  input: Message,
  channel: ChannelConfig['type'] | ChannelConfig,
): Promise<Preview> => {
  const message = parseMessage(input);
  const json = (payload: unknown): Preview => ({
    contentType: 'application/json',
    body: JSON.stringify(payload),
  });
  const settings = typeof channel === 'string' ? null : channel;
  const type = typeof channel === 'string' ? channel : channel.type;
  switch (type) {
    case 'slack':
      return json(renderSlack(message));
    case 'teams':
      return json(renderTeams(message));
    case 'discord':
      return json(renderDiscord(message));
    case 'webhook':
      return json(renderWebhook(message));
    case 'pagerduty':
      return json(renderPagerduty(message, '***'));
    case 'opsgenie':
      return json(
        renderOpsgenie(message, settings?.type === 'opsgenie' ? settings.team : undefined),
      );
    case 'alertmanager':
      return json(
        renderAlertmanager(
          message,
          settings?.type === 'alertmanager' ? settings.labels : undefined,
        ),
      );
    case 'email': {
      const config = typeof channel !== 'string' && channel.type === 'email' ? channel : example;
      return { contentType: 'message/rfc822', body: await mailBytes(message, config) };
    }
  }
};
