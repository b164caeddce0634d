import { parseAddress } from './config/addresses.ts';
import { readCertificates } from './config/certificates.ts';
import { isChannelOff, whyOff } from './config/channel-off.ts';
import type { ChannelConfig } from './config/channel-schema.ts';
import { secretFieldsOf } from './config/secret-fields.ts';
import { addressOf, readSecretFile, secretOf, signingSecretsOf } from './config/secrets.ts';
import { parseSmtpAddress } from './config/smtp-address.ts';
import { isNotifierError, isTemplateError, type TemplateIssue } from './errors.ts';
import { whyNotTarget } from './net/target-policy.ts';
import { webhookKey } from './sign.ts';
import { eventNames } from './templates/events.ts';
import { loadTemplates } from './templates/load-templates.ts';

/** What can be said of a channel without asking its server. */
export interface ChannelCheck {
  readonly channel: string;
  readonly type: ChannelConfig['type'];
  readonly state: 'on' | 'off' | 'bad';
  /** Why it is off or bad; no sentence holds a secret. */
  readonly problems: readonly string[];
}

const problemsOf = (config: ChannelConfig): string[] => {
  const found: string[] = [];
  const look = (see: () => string | null): void => {
    try {
      const problem = see();
      if (problem !== null) found.push(problem);
    } catch (error) {
      if (!isNotifierError(error)) throw error;
      found.push(error.message);
    }
  };
  const read = (setting: () => unknown): void =>
    look(() => {
      setting();
      return null;
    });
  if (config.type !== 'email') {
    look(() => whyNotTarget(addressOf(config), config));
    for (const secret of signingSecretsOfOr(config, found)) read(() => webhookKey(secret));
    for (const { field } of secretFieldsOf(config)) read(() => secretOf(config, field));
    return found;
  }
  const { caFile, from, passwordFile, to } = config;
  read(() => parseSmtpAddress(addressOf(config)));
  for (const address of [from, ...[to].flat()]) read(() => parseAddress(address));
  if (passwordFile !== undefined) read(() => readSecretFile(passwordFile));
  if (caFile !== undefined) read(() => readCertificates(caFile));
  return found;
};

const signingSecretsOfOr = (config: ChannelConfig, found: string[]): string[] => {
  try {
    return signingSecretsOf(config);
  } catch (error) {
    if (!isNotifierError(error)) throw error;
    found.push(error.message);
    return [];
  }
};

/** Looks at every channel as far as that goes without the network: addresses, secrets, files. */
export const checkChannels = (channels: readonly ChannelConfig[]): ChannelCheck[] =>
  channels.map((config) => {
    const { name: channel, type } = config;
    if (isChannelOff(config)) return { channel, type, state: 'off', problems: [whyOff(config)] };
    const problems = problemsOf(config);
    return { channel, type, state: problems.length === 0 ? 'on' : 'bad', problems };
  });

/** Every mistake in a folder of templates, and the events that have none; nothing is thrown for either. */
export const checkTemplates = async (
  folder: string,
): Promise<{ readonly issues: readonly TemplateIssue[]; readonly missing: readonly string[] }> => {
  try {
    const { byEvent } = await loadTemplates(folder);
    return { issues: [], missing: eventNames.filter((event) => !byEvent.has(event)) };
  } catch (error) {
    if (!isTemplateError(error)) throw error;
    return { issues: error.issues, missing: [] };
  }
};
