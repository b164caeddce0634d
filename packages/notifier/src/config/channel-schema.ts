import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { severities } from '../message.ts';
import { hasVendorAddress, isBot, secretFieldsOf } from './secret-fields.ts';

// zod/mini loads in a third of zod's time, and says only "Invalid input" without this.
z.config(en());

const text = z.string().check(z.minLength(1));

const common = {
  /** Only messages at least this urgent go to this channel. */
  minSeverity: z.optional(z.enum(severities)),
  /** Only these events go to this channel. */
  events: z.optional(z.array(z.string())),
  /** Whether critical messages are said again here until somebody acknowledges them. Default: in chats. */
  repeat: z.optional(z.boolean()),
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

const slack = z.strictObject({
  type: z.literal('slack'),
  ...http,
  /** A bot's token (`xoxb-…`, scope chat:write) instead of a webhook's url: one thread a run. */
  token: z.optional(z.string()),
  tokenFile: z.optional(text),
  /** Where a bot posts: a channel's id, `C0123456789`. */
  channel: z.optional(text),
});
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

const pagerduty = z.strictObject({
  type: z.literal('pagerduty'),
  ...http,
  /** Of an Events API v2 integration: 32 characters. */
  routingKey: z.optional(z.string()),
  routingKeyFile: z.optional(text),
});
const opsgenie = z.strictObject({
  type: z.literal('opsgenie'),
  ...http,
  /** Of an API integration. */
  apiKey: z.optional(z.string()),
  apiKeyFile: z.optional(text),
  /** The team that is called; without it the integration's own. */
  team: z.optional(text),
});
/** A label's name in Prometheus. */
const labelName = z.string().check(z.regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/));
const alertmanager = z.strictObject({
  type: z.literal('alertmanager'),
  ...http,
  /** Sent as a bearer token. */
  token: z.optional(z.string()),
  tokenFile: z.optional(text),
  /** Basic authentication instead. */
  user: z.optional(text),
  password: z.optional(z.string()),
  passwordFile: z.optional(text),
  /** Labels of every alert, for its routes. */
  labels: z.optional(z.record(labelName, z.string())),
});

const anyChannel = z.discriminatedUnion('type', [
  slack,
  teams,
  discord,
  webhook,
  email,
  pagerduty,
  opsgenie,
  alertmanager,
]);

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
  // A channel that is off has an empty url, and may lack all else.
  const isOff = channel.url === '';
  if (!hasVendorAddress(channel) && channel.url === undefined && channel.urlFile === undefined)
    refuse('url', 'needs "url" or "urlFile"');
  if (!eitherOr(channel.url, channel.urlFile))
    refuse('urlFile', '"url" and "urlFile" exclude each other');
  const given: Readonly<Record<string, unknown>> = channel;
  for (const { field, file, isNeeded } of secretFieldsOf(channel)) {
    if (!eitherOr(given[field], given[file]))
      refuse(file, `"${field}" and "${file}" exclude each other`);
    if (isNeeded && !isOff && given[field] === undefined && given[file] === undefined)
      refuse(field, `needs "${field}" or "${file}"`);
  }
  if (channel.type === 'slack' && isBot(channel) && channel.channel === undefined)
    refuse('channel', 'a bot needs "channel", the id of where it posts');
  if (
    channel.type === 'alertmanager' &&
    !eitherOr(channel.token ?? channel.tokenFile, channel.user)
  )
    refuse('user', '"token" and "user" exclude each other');
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
