import { createHash, timingSafeEqual } from 'node:crypto';

/** What of a request decides whether it is answered. */
export interface Asked {
  readonly method: string | undefined;
  readonly host: string | undefined;
  /** Which site asked, as browsers tell; `undefined`: no browser, or an old one. */
  readonly site: string | undefined;
  /** Path and query; the first part of the path is the token. */
  readonly url: string;
}

export type Access =
  | { readonly go: true /** Behind the token, from its `/` on. */; readonly path: string }
  | { readonly go: false; readonly status: 403 | 404 | 405; readonly why: string };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In a time that says nothing of where they differ. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/**
 * Who may look: a browser on this machine that was given the address. A name that somebody else's DNS leads here
 * is no name of ours, and a page of another site may not ask. Pure.
 */
export const accessOf = (
  { method, host, site, url }: Asked,
  { token, port }: { readonly token: string; readonly port: number },
): Access => {
  const refuse = (status: 403 | 404 | 405, why: string): Access => ({ go: false, status, why });
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    return refuse(403, `this is 127.0.0.1:${port}, and no other name of it`);
  if (method !== 'GET') return refuse(405, 'nothing is done over HTTP: it is for looking only');
  if (site !== undefined && site !== 'none' && site !== 'same-origin')
    return refuse(403, 'asked by another site');
  const { pathname } = new URL(url, 'http://127.0.0.1');
  const [, given = '', ...rest] = pathname.split('/');
  if (!isSame(given, token)) return refuse(403, 'the token of the address is missing or wrong');
  return { go: true, path: `/${rest.join('/')}` };
};
