import { readFileSync } from 'node:fs';
import { NotifierError } from '../errors.ts';
import { isChannelOff } from './channel-off.ts';
import type { ChannelConfig, ChannelSettings } from './channel-schema.ts';
import { isBot, secretFieldsOf } from './secret-fields.ts';

/**
 * Content of a secret's file, without its last newline.
 * @throws NotifierError `bad-secret` that names the path, never the content.
 */
export const readSecretFile = (path: string): string => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new NotifierError('bad-secret', `the secret file ${path} can't be read (${code})`);
  }
  const secret = text.replace(/\r?\n$/, '');
  if (secret.trim() === '')
    throw new NotifierError('bad-secret', `the secret file ${path} is empty; put the secret in it`);
  return secret;
};

/**
 * A secret from a variable `NAME`, or from the file that `NAME_FILE` names; undefined where neither
 * is set.
 * @throws NotifierError `bad-secret` where both are set or the file can't be read.
 */
export const readSecretVariable = (
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined => {
  const value = env[name];
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return value;
  if (value !== undefined && value !== '')
    throw new NotifierError('bad-secret', `${name} and ${name}_FILE are both set; unset one`);
  return readSecretFile(file);
};

const valueOr = (value: string | undefined, file: string | undefined): string =>
  file === undefined ? (value ?? '').trim() : readSecretFile(file).trim();

/** Where a vendor's API is, unless `url` names its address in the EU. */
const vendorAddress = (config: ChannelConfig): string | undefined => {
  if (config.type === 'pagerduty') return 'https://events.pagerduty.com/v2/enqueue';
  if (config.type === 'opsgenie') return 'https://api.opsgenie.com';
  return isBot(config) ? 'https://slack.com/api' : undefined;
};

/** A channel's address as it is now: read at every send, so that a secret file can be rotated. */
export const addressOf = (config: ChannelConfig): string =>
  config.type === 'email'
    ? valueOr(config.smtp, config.smtpFile)
    : valueOr(config.url ?? vendorAddress(config), config.urlFile);

/**
 * The secret of a field such as `routingKey`, or of the file that its other field names, as it is now; '' where
 * neither is set.
 * @throws NotifierError `bad-secret`.
 */
export const secretOf = (config: ChannelSettings, field: string): string => {
  const given: Readonly<Record<string, unknown>> = config;
  const [value, file] = [given[field], given[`${field}File`]];
  return valueOr(
    typeof value === 'string' ? value : undefined,
    typeof file === 'string' ? file : undefined,
  );
};

/** Signing secrets of a webhook as they are now; none: unsigned. */
export const signingSecretsOf = (config: ChannelSettings): string[] => {
  if (config.type !== 'webhook') return [];
  if (config.secretFile !== undefined)
    return readSecretFile(config.secretFile)
      .split(/\s+/)
      .filter((secret) => secret !== '');
  return [config.secret ?? []]
    .flat()
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
};

/** Everything of a channel that must never be shown: for {@link redactor}. Unreadable files add nothing. */
export const secretsOf = (config: ChannelConfig): string[] => {
  if (isChannelOff(config)) return [];
  const read = (get: () => string[]): string[] => {
    try {
      return get();
    } catch {
      // What can't be read now can't be shown either; sending says why it can't be read.
      return [];
    }
  };
  const { type } = config;
  return [
    // What is the same for everyone is no secret.
    ...read(() => [addressOf(config)].filter((address) => address !== vendorAddress(config))),
    ...read(() => signingSecretsOf(config)),
    ...secretFieldsOf(config).flatMap(({ field }) => read(() => [secretOf(config, field)])),
    ...read(() =>
      type === 'email' && config.passwordFile !== undefined
        ? [readSecretFile(config.passwordFile)]
        : [],
    ),
  ].filter((secret) => secret !== '');
};
