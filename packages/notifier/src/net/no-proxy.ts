import { BlockList, isIP } from 'node:net';

/** `10.0.0.0/8` holds `10.1.2.3`; an address without a prefix holds itself. */
const holds = (network: string, address: string, family: 4 | 6): boolean => {
  const [base = '', prefix, ...more] = network.split('/');
  if (more.length > 0 || isIP(base) !== family) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const longest = family === 4 ? 32 : 128;
  // curl reads a prefix of 0, or of nothing, as that of a single address.
  const bits = prefix === undefined ? longest : Number.parseInt(prefix, 10) || longest;
  if (bits < 0 || bits > longest) return false;
  const list = new BlockList();
  list.addSubnet(base, bits, type);
  return list.check(address, type);
};

const withoutLastDot = (name: string): string => name.replace(/\.$/, '');

const isNameIn = (name: string, entry: string): boolean => {
  const domain = withoutLastDot(entry).replace(/^\./, '');
  return domain !== '' && (name === domain || name.endsWith(`.${domain}`));
};

/**
 * Whether NO_PROXY keeps the proxy out of a connection to `hostname`, read as curl 7.86 and newer reads it: entries are
 * parted by commas or blanks; `*` alone means all hosts; a name means itself and what is under it, with or without a dot
 * before it; an address means itself, or its network with `/bits` (for IPv6 too, which curl had a fault with until
 * 8.18). Case and a last dot don't count. A port or brackets in an entry fit nothing.
 * @param hostname as `URL` has it: an IPv6 address in brackets.
 */
export const isWithoutProxy = (hostname: string, noProxy: string): boolean => {
  if (noProxy === '*') return true;
  const entries = noProxy.split(/[ \t,]+/).filter((entry) => entry !== '');
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 4 || family === 6) return entries.some((entry) => holds(entry, address, family));
  const name = withoutLastDot(hostname).toLowerCase();
  return entries.some((entry) => isNameIn(name, entry.toLowerCase()));
};
