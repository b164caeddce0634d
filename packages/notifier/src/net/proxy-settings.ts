import { isWithoutProxy } from './no-proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The way to one host. */
export type Way =
  | { readonly kind: 'direct' }
  /** `variable` names it; `address` is http(s)://…, and may hold a password. */
  | { readonly kind: 'proxy'; readonly variable: string; readonly address: string }
  /** A proxy is set that can't be used: nothing may go past it. */
  | { readonly kind: 'unusable'; readonly variable: string; readonly why: string };

/** As curl, Go and Python look: the lower case first, and a variable that is empty is not set. */
const variableOf = (env: Environment, names: readonly string[]) => {
  for (const variable of names.flatMap((name) => [name, name.toUpperCase()])) {
    const value = env[variable] ?? '';
    if (value !== '') return { variable, value };
  }
  return null;
};

const scheme = /^([a-z][a-z0-9+.-]*):\/\//i;

/** A proxy's address as Node takes it; nothing of it is said in a problem, as it may hold a password. */
const proxyAddress = (given: string): { address: string } | { why: string } => {
  const value = given.trim();
  const named = scheme.exec(value)?.[1]?.toLowerCase();
  if (named !== undefined && named !== 'http' && named !== 'https')
    return {
      why: named.startsWith('socks')
        ? `is ${named}://, and SOCKS proxies are not supported; name one that is http://host:port`
        : `is ${named}://, not http://[user:password@]host:port`,
    };
  // Without a scheme it is an HTTP proxy, for every program that reads these variables.
  const whole = named === undefined ? `http://${value.replace(/^\/\//, '')}` : value;
  if (!URL.canParse(whole))
    return { why: 'is not http://[user:password@]host:port; a % in its password is written %25' };
  const url = new URL(whole);
  const user = url.username === '' ? '' : `${url.username}:${url.password}@`;
  return { address: `${url.protocol}//${user}${url.host}` };
};

/**
 * How a host is reached: `http_proxy` or `https_proxy` by the target's protocol, else `all_proxy`, unless `no_proxy`
 * leaves it out; each in lower case, else in upper case.
 */
export const wayTo = (
  { protocol, hostname }: { readonly protocol: string; readonly hostname: string },
  env: Environment,
): Way => {
  const proxy = variableOf(env, [
    protocol === 'https:' ? 'https_proxy' : 'http_proxy',
    'all_proxy',
  ]);
  if (proxy === null) return { kind: 'direct' };
  const noProxy = variableOf(env, ['no_proxy']);
  if (noProxy !== null && isWithoutProxy(hostname, noProxy.value)) return { kind: 'direct' };
  const { variable } = proxy;
  const read = proxyAddress(proxy.value);
  return 'why' in read
    ? { kind: 'unusable', variable, why: read.why }
    : { kind: 'proxy', variable, address: read.address };
};
