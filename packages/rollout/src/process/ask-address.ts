import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** What an address says of whether a service behind it runs. */
export type AddressLook =
  | { readonly kind: 'silent' }
  /** `isProof` false: whoever answers need not be the service that was stopped. */
  | { readonly kind: 'answers'; readonly how: string; readonly isProof: boolean };

/** What a gateway says where nobody is behind it (RFC 9110, 15.6.3 to 15.6.5); a service that ends may say 503 too. */
const gatewayStatuses = [502, 503, 504];

/** Nobody listens, or nobody can be reached: as silent as an address gets. */
const silentCodes = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ENETDOWN',
  'EHOSTDOWN',
  'ETIMEDOUT',
  'EAI_AGAIN',
];

/** Somebody took the connection and dropped it: a service that ends, or a tunnel without an end. */
const droppedCodes = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

const addressesOf = async (host: string): Promise<string[]> => {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    // A name that leads nowhere is silent; asking it says so.
    return [];
  }
};

/** Whether an address is this machine's own: only then does an answer say that something here still runs. */
const isOwnAddress = async (url: string): Promise<boolean> => {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  );
  const isOwn = (address: string) =>
    address.startsWith('127.') || ['::1', '::', '0.0.0.0'].includes(address) || own.has(address);
  const addresses = await addressesOf(hostOf(new URL(url)));
  return addresses.length > 0 && addresses.every(isOwn);
};

type Answer = { readonly status: number } | { readonly code: string } | 'timeout';

const askOnce = (url: string, timeoutMs: number): Promise<Answer> =>
  new Promise((resolve) => {
    // By name, not imported: an import of node:http reads a property that loads all of fetch.
    const { request: ask } = process.getBuiltinModule(
      url.startsWith('https:') ? 'node:https' : 'node:http',
    );
    const request = ask(url, {
      // A connection of its own: a kept one would be answered by a process that takes no new ones.
      agent: false,
      headers: { connection: 'close' },
      // Only whether somebody answers is of interest.
      rejectUnauthorized: false,
      timeout: timeoutMs,
    });
    const end = (answer: Answer) => {
      clearTimeout(timer);
      request.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    request.once('timeout', () => end('timeout'));
    request.once('response', ({ statusCode = 0 }) => end({ status: statusCode }));
    request.on('error', (error: NodeJS.ErrnoException) => end({ code: error.code ?? 'error' }));
    request.end();
  });

/** Asks once. An address of another machine may be answered by other instances: that proves nothing. */
export const askAddress = async (url: string, timeoutMs: number): Promise<AddressLook> => {
  const isOwn = await isOwnAddress(url);
  const answer = await askOnce(url, timeoutMs);
  if (answer === 'timeout')
    // Elsewhere, a firewall that swallows packets is as good as nobody.
    return isOwn
      ? { kind: 'answers', how: 'takes connections and says nothing', isProof: true }
      : { kind: 'silent' };
  if ('status' in answer)
    return {
      kind: 'answers',
      how: `HTTP ${answer.status}`,
      isProof: isOwn && !gatewayStatuses.includes(answer.status),
    };
  if (silentCodes.includes(answer.code)) return { kind: 'silent' };
  return {
    kind: 'answers',
    how: answer.code,
    isProof: isOwn && !droppedCodes.includes(answer.code),
  };
};

/** A listening socket in /proc/net/tcp: state 0A, local port and inode. */
const listening =
  /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A (?:\S+ ){3}\s*\S+\s+\S+ (\d+)/;

/** Inodes of the sockets that listen on a port of this machine; none where there is no /proc. */
export const listeningSockets = async (url: string): Promise<string[]> => {
  const { port, protocol } = new URL(url);
  const wanted = Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port);
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) =>
      readFile(`/proc/net/${name}`, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      }),
    ),
  );
  return tables
    .join('\n')
    .split('\n')
    .flatMap((line) => {
      const [, hex, inode] = listening.exec(line) ?? [];
      return hex !== undefined && inode !== undefined && Number.parseInt(hex, 16) === wanted
        ? [inode]
        : [];
    });
};
