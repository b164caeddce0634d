import { type DataSource, parsePostgresUrl } from '@dhash/backup-core';
import type { ChannelConfig } from '@dhash/notifier';
import type { Substituted } from './substitute.ts';
import { isDecodable } from './url-credentials.ts';

/** Passwords inside addresses are secrets on their own, as a server may say them back. */
const withPasswords = (value: string): string[] => {
  if (!URL.canParse(value)) return [value];
  const url = new URL(value);
  const { password } = url;
  if (password === '') return [value];
  return [value, password, ...(isDecodable(url) ? [decodeURIComponent(password)] : [])];
};

/** As libpq reads addresses: a user without a host is one to it, and none to the web. */
const databasePassword = (url: string): string | undefined => {
  const parsed = parsePostgresUrl(url);
  return 'env' in parsed ? parsed.env['PGPASSWORD'] : undefined;
};

const secretsOfDatabase = (url: string): string[] => {
  const password = databasePassword(url) ?? '';
  return [url, password, encodeURIComponent(password)];
};

/** Whatever its variable is called. */
const holdsPassword = (value: string): boolean =>
  withPasswords(value).length > 1 || databasePassword(value) !== undefined;

const secretFields = ['url', 'smtp', 'secret', 'password', 'token', 'routingKey', 'apiKey'];
const secretName = /SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY/i;

/** Every value of a configuration that must not be shown: what it looks for in texts to mask them. */
export const secretsOf = (
  channels: readonly ChannelConfig[],
  fromChannels: Substituted['values'],
  fromEnvironment: Substituted['values'],
  data: readonly DataSource[],
): string[] => {
  const fields = channels.flatMap((channel) =>
    Object.entries(channel).flatMap(([field, value]) =>
      secretFields.includes(field) ? [value].flat() : [],
    ),
  );
  const all = [
    ...fields.filter((value): value is string => typeof value === 'string'),
    ...data.flatMap((source) => (source.type === 'postgres' ? secretsOfDatabase(source.url) : [])),
    ...fromChannels.map(({ value }) => value),
    ...fromEnvironment
      .filter(({ name, value }) => secretName.test(name) || holdsPassword(value))
      .map(({ value }) => value),
  ];
  return [...new Set(all.flatMap(withPasswords).filter((value) => value !== ''))];
};
