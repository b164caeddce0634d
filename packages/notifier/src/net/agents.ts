import { lookup } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import type { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import { wayTo } from './proxy-settings.ts';
import { type Guard, isPrivateAddress } from './target-policy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Code of the error where a name turned out to be on a private network. */
export const privateTargetCode = 'EPRIVATETARGET';

const privateTarget = (): Error =>
  Object.assign(new Error('resolves to a private network'), { code: privateTargetCode });

const refusePrivate: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '', 0);
    const first = addresses[0];
    if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address)))
      return done(privateTarget(), '', 0);
    if (options.all) return done(null, addresses);
    return done(null, first.address, first.family);
  });
};

/** Whether this Node's agents know `proxyEnv`: one that does not would go past the proxy in silence. */
const knowsProxies = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
};

/** A way that can be gone, or why there is none. */
export type Connection =
  /** `proxyVariable`: what names the proxy that it goes through; null: directly. */
  { readonly agent: Agent; readonly proxyVariable: string | null } | { readonly problem: string };

/** Connection pools: kept connections, the environment's proxy, no private address unless allowed. */
export interface Agents {
  /** @throws an error with {@link privateTargetCode}. */
  to(url: URL, guard: Guard): Promise<Connection>;
}

/** A proxy sees to names itself; this long a name is looked up beside it, ms. */
const lookupMs = 2000;

/**
 * Refuses a name that leads to a private network from here, though it is a proxy that connects. One that can't be
 * looked up from here passes: behind a proxy that is the usual case.
 * @throws an error with {@link privateTargetCode}.
 */
const lookBehindProxy = async (hostname: string): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<[]>((done) => {
    timer = setTimeout(() => done([]), lookupMs);
  });
  const known = resolve(hostname.replace(/^\[|\]$/g, ''), { all: true }).catch(() => []);
  const addresses = await Promise.race([known, tooLong]);
  clearTimeout(timer);
  if (addresses.some(({ address }) => isPrivateAddress(address))) throw privateTarget();
};

/** Pools for one environment, each made when it is first needed. */
export const createAgents = (env: Environment, version = process.versions.node): Agents => {
  const made = new Map<string, Agent>();
  const pool = (protocol: string, key: string, options: object): Agent => {
    const name = `${protocol} ${key}`;
    const known = made.get(name);
    if (known !== undefined) return known;
    // Importing node:http loads all of fetch at once; taking it like this does not.
    const { Agent: Pool } =
      protocol === 'https:'
        ? process.getBuiltinModule('node:https')
        : process.getBuiltinModule('node:http');
    const agent = new Pool({ keepAlive: true, ...options });
    made.set(name, agent);
    return agent;
  };
  return {
    to: async (url, guard) => {
      const { protocol } = url;
      const way = wayTo(url, env);
      if (way.kind === 'unusable') return { problem: `${way.variable} ${way.why}` };
      if (way.kind === 'direct') {
        // Looked at in the moment of connecting, whatever a name resolved to before.
        const options = guard === 'nothing' ? {} : { lookup: refusePrivate };
        return { agent: pool(protocol, guard, options), proxyVariable: null };
      }
      const { variable, address } = way;
      if (!knowsProxies(version))
        return {
          problem: `Node ${version} can't go through ${variable}; 22.21, 24.5 or newer can`,
        };
      if (guard === 'name') await lookBehindProxy(url.hostname);
      try {
        // NO_PROXY is not handed on: Node reads it in another way than the rest of the system.
        const proxyEnv = { http_proxy: address, https_proxy: address };
        return { agent: pool(protocol, address, { proxyEnv }), proxyVariable: variable };
      } catch {
        // Node reads user and password in making the pool, and its error may hold them.
        return {
          problem: `${variable} is not http://[user:password@]host:port; a % in its password is written %25`,
        };
      }
    },
  };
};
