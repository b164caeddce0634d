import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { WatchPolicy } from '../policy.ts';

/** Keys sorted, no spaces: the same policy is the same text, however its file was written. */
const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`);
  return `{${entries.join(',')}}`;
};

/**
 * SHA-256 in hex of the canonical policy without its fingerprint. By @noble/hashes, not node:crypto:
 * a few hundred bytes, synchronous, and the same in a browser. Its 1.x, which Node 20 can require.
 */
export const fingerprintOf = (policy: Omit<WatchPolicy, 'fingerprint'>): string => {
  const { fingerprint: _, ...rest } = policy as WatchPolicy;
  return bytesToHex(sha256(utf8ToBytes(canonical(rest))));
};
