import * as z from 'zod';
import { severities } from '../message.ts';

const common = {
  /** Only messages at least this urgent go to this channel. */
  minSeverity: z.enum(severities).optional(),
  /** Only these events go to this channel. */
  events: z.array(z.string()).optional(),
  /** Most messages a second, over all tries. */
  perSecond: z.number().positive().optional(),
};

/** `url` may be empty: its variable is not set, and the channel is off. */
const http = {
  ...common,
  url: z.string().optional(),
  /** A file that holds the address; read at every send, so that it can be rotated. */
  urlFile: z.string().min(1).optional(),
  /** Lifts https, the private-network rule and the vendor's list of hosts. */
  allowPrivate: z.boolean().optional(),
};

const slack = z.strictObject({ type: z.literal('slack'), ...http });
const teams = z.strictObject({ type: z.literal('teams'), ...http });
const discord = z.strictObject({ type: z.literal('discord'), ...http });
const webhook = z.strictObject({
  type: z.literal('webhook'),
  ...http,
  /** Signs every message (Standard Webhooks); two while one is being rotated. */
  secret: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  secretFile: z.string().min(1).optional(),
});
const email = z.strictObject({
  type: z.literal('email'),
  ...common,
  /** `smtp://user:password@host:587` or `smtps://…:465`; empty: the channel is off. */
  smtp: z.string().optional(),
  smtpFile: z.string().min(1).optional(),
  /** Instead of a password in `smtp`. */
  passwordFile: z.string().min(1).optional(),
  from: z.string().min(1),
  to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  /** `false` sends in the clear where the server offers no STARTTLS. */
  requireTls: z.boolean().optional(),
  /** A file with the certificates (PEM) to trust instead of the system's. */
  caFile: z.string().min(1).optional(),
});

const eitherOr = (value: unknown, file: unknown): boolean =>
  file === undefined || value === undefined || value === '';

/** A channel of `rollout.yaml`, without its name. */
export const channelSchema = z
  .discriminatedUnion('type', [slack, teams, discord, webhook, email])
  .superRefine((channel, context) => {
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

/** A channel's settings as `rollout.yaml` has them. */
export type ChannelSettings = z.infer<typeof channelSchema>;

/** A channel's settings and its name. */
export type ChannelConfig = ChannelSettings & { readonly name: string };
/** One kind of channel. */
export type ChannelOf<Type extends ChannelConfig['type']> = Extract<ChannelConfig, { type: Type }>;

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
