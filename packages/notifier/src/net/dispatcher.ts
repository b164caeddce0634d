import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPrivateAddress } from './target-policy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Node and undici keep the connection pool that `fetch` uses. */
const globalDispatcher = Symbol.for('undici.globalDispatcher.1');

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

/** Whether the environment names a proxy. */
const namesProxy = (env: Environment): boolean =>
  setting(env, 'https_proxy') !== undefined || setting(env, 'http_proxy') !== undefined;

type SetProxy = (env: Record<string, string>) => () => void;

/**
 * A pool that goes through the environment's proxy. Node has no public way to make one for a single
 * `fetch`; it makes one for the process (`http.setGlobalProxyFromEnv`, Node 24.14), so that is done,
 * the pool taken, and the process put back as it was, in one synchronous breath.
 */
const proxyDispatcher = (env: Environment): unknown => {
  // Importing node:http loads all of fetch at once, proxy or not.
  const http = process.getBuiltinModule('node:http');
  const setProxy = Reflect.get(http, 'setGlobalProxyFromEnv') as SetProxy | undefined;
  // An older Node: NODE_USE_ENV_PROXY=1, which its own pool obeys, is all there is.
  if (setProxy === undefined) return undefined;
  const named: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    const value = setting(env, name);
    if (value !== undefined) named[name] = value;
  }
  const before = Reflect.get(globalThis, globalDispatcher);
  const restore = setProxy(named);
  const dispatcher = Reflect.get(globalThis, globalDispatcher);
  restore();
  return dispatcher === before ? undefined : dispatcher;
};

type AgentClass = new (options: { connect: { lookup: LookupFunction } }) => unknown;

/** A pool that refuses a private address at the moment of connecting, whatever a name resolved to before. */
const publicOnlyDispatcher = (): unknown => {
  const current: unknown = Reflect.get(globalThis, globalDispatcher);
  if (typeof current !== 'object' || current === null) return undefined;
  if (current.constructor.name !== 'Agent') return undefined;
  return new (current.constructor as AgentClass)({ connect: { lookup: refusePrivate } });
};

/** Connection pools for `fetch`, made once, when first needed. */
export const createDispatchers = (env: Environment) => {
  let proxied: unknown;
  let publicOnly: unknown;
  return {
    /** Whether the environment names a proxy; a host of NO_PROXY is still reached directly. */
    hasProxy: namesProxy(env),
    /** undefined: what the process uses by itself. */
    for: (options: { readonly allowsPrivate: boolean }): unknown => {
      if (namesProxy(env)) {
        proxied ??= proxyDispatcher(env);
        return proxied;
      }
      if (options.allowsPrivate) return undefined;
      publicOnly ??= publicOnlyDispatcher();
      return publicOnly;
    },
  };
};

/** Connection pools for `fetch`. */
export type Dispatchers = ReturnType<typeof createDispatchers>;
