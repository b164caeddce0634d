import { BlockList, isIP } from 'node:net';
import type { ChannelConfig } from '../config/channel-schema.ts';

/** Hosts a vendor's webhooks live on; `*.` stands for one or more labels. NOTIFY.md 4.3. */
const vendorHosts: Readonly<Partial<Record<ChannelConfig['type'], readonly string[]>>> = {
  slack: ['hooks.slack.com', 'hooks.slack-gov.com', 'slack.com', 'slack-gov.com'],
  discord: [
    'discord.com',
    'discordapp.com',
    'ptb.discord.com',
    'canary.discord.com',
    'ptb.discordapp.com',
    'canary.discordapp.com',
  ],
  teams: [
    '*.logic.azure.com',
    '*.api.powerplatform.com',
    '*.powerautomate.com',
    '*.flow.microsoft.com',
    '*.webhook.office.com',
  ],
  pagerduty: ['events.pagerduty.com', 'events.eu.pagerduty.com'],
  // Its successor takes the same requests below api.atlassian.com.
  opsgenie: ['api.opsgenie.com', 'api.eu.opsgenie.com', 'api.atlassian.com'],
};

const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  privateNetworks.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  privateNetworks.addSubnet(network, prefix, 'ipv6');

/** Whether an address is not one of the public internet: loopback, private, link-local, reserved. */
export const isPrivateAddress = (address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && privateNetworks.check(address, family === 4 ? 'ipv4' : 'ipv6');
};

/**
 * What is asked of a name before it is connected to. `nothing`: private networks are allowed. `address`: it is one of
 * the vendor's own, so only where it leads to is looked at, by whoever connects. `name`: any name of the
 * configuration; it is looked up even where a proxy connects.
 */
export type Guard = 'nothing' | 'address' | 'name';

/** What is asked of where a channel's name leads to: a vendor's own hosts are known to be public. */
export const guardOf = (channel: {
  readonly type: ChannelConfig['type'];
  readonly allowPrivate?: boolean | undefined;
}): Guard =>
  channel.allowPrivate === true
    ? 'nothing'
    : vendorHosts[channel.type] === undefined
      ? 'name'
      : 'address';

const isHost = (host: string, pattern: string): boolean =>
  pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;

/**
 * Why `address` may not be posted to, or null. The sentence names no part of the address but its
 * host: the rest of a webhook address is a secret.
 */
export const whyNotTarget = (
  address: string,
  channel: { readonly type: ChannelConfig['type']; readonly allowPrivate?: boolean | undefined },
): string | null => {
  if (!URL.canParse(address)) return 'its url is not a URL; write https://…';
  const url = new URL(address);
  if (url.username !== '' || url.password !== '')
    return 'its url holds a user or password before the host, which is refused';
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `its url begins with ${url.protocol}, not https:`;
  if (channel.allowPrivate === true) return null;
  if (url.protocol === 'http:')
    return 'its url is http, which anyone on the way can read; use https, or set allowPrivate: true';
  const host = url.hostname.replace(/\.$/, '');
  const literal = host.replace(/^\[|\]$/g, '');
  if (isPrivateAddress(literal) || host === 'localhost' || host.endsWith('.localhost'))
    return `its host ${host} is on a private network; set allowPrivate: true where that is meant`;
  const allowed = vendorHosts[channel.type];
  if (allowed !== undefined && !allowed.some((pattern) => isHost(host, pattern)))
    return `its host ${host} is none of ${channel.type}'s (${allowed.join(', ')}); set allowPrivate: true where that is meant`;
  return null;
};
