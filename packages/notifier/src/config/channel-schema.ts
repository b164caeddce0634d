import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { severities } from '../message.ts';

// zod/mini loads in a third of zod's time, and says only "Invalid input" without this.
z.config(en());

const text = z.string().check(z.minLength(1));

const common = {
  /** Only messages at least this urgent go to this channel. */
  minSeverity: z.optional(z.enum(severities)),
  /** Only these events go to this channel. */
  events: z.optional(z.array(z.string())),
  /** Most messages a second, over all tries. */
  perSecond: z.optional(z.number().check(z.positive())),
};

/** `url` may be empty: its variable is not set, and the channel is off. */
const http = {
  ...common,
  url: z.optional(z.string()),
  /** A file that holds the address; read at every send, so that it can be rotated. */
  urlFile: z.optional(text),
  /** Lifts https, the private-network rule and the vendor's list of hosts. */
  allowPrivate: z.optional(z.boolean()),
};

const slack = z.strictObject({ type: z.literal('slack'), ...http });
const teams = z.strictObject({ type: z.literal('teams'), ...http });
const discord = z.strictObject({ type: z.literal('discord'), ...http });
const webhook = z.strictObject({
  type: z.literal('webhook'),
  ...http,
  /** Signs every message (Standard Webhooks); two while one is being rotated. */
  secret: z.optional(z.union([z.string(), z.array(z.string()).check(z.minLength(1))])),
  secretFile: z.optional(text),
});
const email = z.strictObject({
  type: z.literal('email'),
  ...common,
  /** `smtp://user:password@host:587` or `smtps://…:465`; empty: the channel is off. */
  smtp: z.optional(z.string()),
  smtpFile: z.optional(text),
  /** Instead of a password in `smtp`. */
  passwordFile: z.optional(text),
  from: text,
  to: z.union([text, z.array(text).check(z.minLength(1))]),
  /** `false` sends in the clear where the server offers no STARTTLS. */
  requireTls: z.optional(z.boolean()),
  /** A file with the certificates (PEM) to trust instead of the system's. */
  caFile: z.optional(text),
});

const anyChannel = z.discriminatedUnion('type', [slack, teams, discord, webhook, email]);

const eitherOr = (value: unknown, file: unknown): boolean =>
  file === undefined || value === undefined || value === '';

const excludes = z.superRefine<z.infer<typeof anyChannel>>((channel, context) => {
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (channel.type === 'email') {
    if (channel.smtp === undefined && channel.smtpFile === undefined)
      refuse('smtp', 'needs "smtp" or "smtpFile"');
    if (!eitherOr(channel.smtp, channel.smtpFile))
      refuse('smtpFile', '"smtp" and "smtpFile" exclude each other');
    return;
  }
  if (channel.url === undefined && channel.urlFile === undefined)
    refuse('url', 'needs "url" or "urlFile"');
  if (!eitherOr(channel.url, channel.urlFile))
    refuse('urlFile', '"url" and "urlFile" exclude each other');
  if (channel.type === 'webhook' && !eitherOr(channel.secret, channel.secretFile))
    refuse('secretFile', '"secret" and "secretFile" exclude each other');
});

/** A channel of `rollout.yaml`, without its name. */
export const channelSchema = anyChannel.check(excludes);

/** A channel's settings as `rollout.yaml` has them. */
export type ChannelSettings = z.infer<typeof channelSchema>;

/** A channel's settings and its name. */
export type ChannelConfig = ChannelSettings & {
  readonly name: string;
  /** Names of the variables that keep it off, as none of them is set: `SLACK_URL`. */
  readonly unset?: readonly string[];
};
/** One kind of channel. */
export type ChannelOf<Type extends ChannelConfig['type']> = Extract<ChannelConfig, { type: Type }>;

/** Why a channel that is off is. */
export const whyOff = ({ unset = [] }: Pick<ChannelConfig, 'unset'>): string =>
  unset.length === 0
    ? 'its variable is not set'
    : `${unset.length === 1 ? 'its variable' : 'of its variables'} ${unset.join(', ')} ${unset.length === 1 ? 'is' : 'are'} not set`;

const isEmpty = (value: string | undefined, file: string | undefined): boolean =>
  (value === undefined || value.trim() === '') && file === undefined;

/** Whether the variable that holds the channel's address (or signing secret) is not set. */
export const isChannelOff = (config: ChannelSettings): boolean => {
  if (config.type === 'email') return isEmpty(config.smtp, config.smtpFile);
  if (isEmpty(config.url, config.urlFile)) return true;
  // A secret that was meant and is empty must not turn into "unsigned".
  return (
    config.type === 'webhook' &&
    config.secret !== undefined &&
    config.secretFile === undefined &&
    [config.secret].flat().every((secret) => secret.trim() === '')
  );
};
