import type { ChannelConfig, ChannelSettings } from './channel-schema.ts';
import { isBot } from './secret-fields.ts';

/** Why a channel that is off is. */
export const whyOff = ({ unset = [] }: Pick<ChannelConfig, 'unset'>): string =>
  unset.length === 0
    ? 'its variable is not set'
    : `${unset.length === 1 ? 'its variable' : 'of its variables'} ${unset.join(', ')} ${unset.length === 1 ? 'is' : 'are'} not set`;

const isEmpty = (value: string | undefined, file: string | undefined): boolean =>
  (value === undefined || value.trim() === '') && file === undefined;

/** Whether the variable that holds the channel's address (or its key, or signing secret) is not set. */
export const isChannelOff = (config: ChannelSettings): boolean => {
  if (config.type === 'email') return isEmpty(config.smtp, config.smtpFile);
  if (config.url?.trim() === '' && config.urlFile === undefined) return true;
  switch (config.type) {
    case 'pagerduty':
      return isEmpty(config.routingKey, config.routingKeyFile);
    case 'opsgenie':
      return isEmpty(config.apiKey, config.apiKeyFile);
    case 'slack':
      return isBot(config)
        ? isEmpty(config.token, config.tokenFile)
        : isEmpty(config.url, config.urlFile);
    case 'webhook':
      return (
        isEmpty(config.url, config.urlFile) ||
        // A secret that was meant and is empty must not turn into "unsigned".
        (config.secret !== undefined &&
          config.secretFile === undefined &&
          [config.secret].flat().every((secret) => secret.trim() === ''))
      );
    case 'alertmanager':
      return (
        isEmpty(config.url, config.urlFile) ||
        // Nor one that asks for a token into one without.
        (config.token?.trim() === '' && config.tokenFile === undefined)
      );
    default:
      return isEmpty(config.url, config.urlFile);
  }
};
