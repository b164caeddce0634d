import { lookup } from 'node:dns';
import type { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { isPrivateAddress } from './target-policy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Code of the error where a name turned out to be on a private network. */
export const privateTargetCode = 'EPRIVATETARGET';

const refusePrivate: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '', 0);
    const first = addresses[0];
    if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address)))
      return done(
        Object.assign(new Error('resolves to a private network'), { code: privateTargetCode }),
        '',
        0,
      );
    if (options.all) return done(null, addresses);
    return done(null, first.address, first.family);
  });
};

const setting = (env: Environment, name: string): string | undefined =>
  env[name.toLowerCase()] || env[name.toUpperCase()] || undefined;

/** The variables that name a proxy or go round it, those that are set. */
const proxyOf = (env: Environment): Record<string, string> => {
  const named: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    const value = setting(env, name);
    if (value !== undefined) named[name] = value;
  }
  return named;
};

/** Whether this Node's agents know `proxyEnv`: one that does not would go past the proxy in silence. */
const knowsProxies = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
};

/** Connection pools: kept connections, the environment's proxy, no private address unless allowed. */
export interface Agents {
  /** Whether the environment names a proxy; a host of NO_PROXY is still reached directly. */
  readonly hasProxy: boolean;
  for(to: {
    readonly protocol: string;
    readonly allowsPrivate: boolean;
  }): { readonly agent: Agent } | { readonly problem: string };
}

/** The proxy's address may hold a password: nothing of it is said. */
const badProxy = (protocol: string): string =>
  `${protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not http://[user:password@]host:port; a % in its password is written %25`;

/** Pools for one environment, each made when it is first needed. */
export const createAgents = (env: Environment, version = process.versions.node): Agents => {
  const proxyEnv = proxyOf(env);
  const hasProxy = proxyEnv['http_proxy'] !== undefined || proxyEnv['https_proxy'] !== undefined;
  const made = new Map<string, Agent>();
  const make = (protocol: string, allowsPrivate: boolean): Agent => {
    // Importing node:http loads all of fetch at once; taking it like this does not.
    const { Agent: Pool } =
      protocol === 'https:'
        ? process.getBuiltinModule('node:https')
        : process.getBuiltinModule('node:http');
    const way = hasProxy
      ? // The proxy itself may be private, and it is the proxy that looks names up.
        { proxyEnv }
      : allowsPrivate
        ? {}
        : // Looked at in the moment of connecting, whatever a name resolved to before.
          { lookup: refusePrivate };
    return new Pool({ keepAlive: true, ...way });
  };
  return {
    hasProxy,
    for: ({ protocol, allowsPrivate }) => {
      if (hasProxy && !knowsProxies(version))
        return {
          problem: `Node ${version} can't go through HTTPS_PROXY; 22.21, 24.5 or newer can`,
        };
      const key = `${protocol} ${allowsPrivate}`;
      const known = made.get(key);
      if (known !== undefined) return { agent: known };
      try {
        const agent = make(protocol, allowsPrivate);
        made.set(key, agent);
        return { agent };
      } catch (error) {
        // Node reads the proxy's address in making the pool.
        if (!hasProxy) throw error;
        return { problem: badProxy(protocol) };
      }
    },
  };
};
