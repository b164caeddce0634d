import ky from 'ky';
import { MonitorError } from '../errors.ts';

/** What an HTTP source or probe is given. */
export interface HttpOptions {
  readonly url: string;
  /** From the first byte sent to the last byte of the body, ms. */
  readonly timeoutMs: number;
  /** Sent along, for instance an `authorization`. Never appears in an error or a sample. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A page of metrics is some 100 KB; one beyond this is a mistake, and would fill the memory. */
const maxBodyBytes = 16 * 1024 * 1024;

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new MonitorError(
      'unreachable',
      'its address has a % in its user or password that stands for nothing; write %25 for a %',
      {},
      { cause },
    );
  }
};

/** `fetch` refuses an address with user:password in it, so these go where they belong. */
const splitCredentials = (url: string): { url: string; authorization?: string } => {
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '') return { url };
  const pair = `${decoded(parsed.username)}:${decoded(parsed.password)}`;
  parsed.username = '';
  parsed.password = '';
  return {
    url: parsed.href,
    authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`,
  };
};

const readBody = async (response: Response): Promise<string> => {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) {
      throw new MonitorError('too-large', `the answer is larger than ${maxBodyBytes} bytes`, {
        maxBodyBytes,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** The deepest cause that carries a system code: undici wraps ECONNREFUSED twice, ky once more. */
const networkReason = (error: unknown): string => {
  let reason = error instanceof Error ? error.message : String(error);
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code: unknown = 'code' in at ? at.code : undefined;
    if (typeof code === 'string') {
      // An AggregateError (both IPv6 and IPv4 refused) has a code and no message of its own.
      return at.message.includes(code) ? at.message : `${code} ${at.message}`.trimEnd();
    }
    if (at.message !== '') reason = at.message;
  }
  return reason;
};

/**
 * GETs the text at `url`, whatever its status. No retry (the next poll is one) and no redirect
 * (a login page behind a redirect answers 200). One connection per request: a kept one hides a
 * service that no longer accepts, and a balancer would never give another replica.
 * @throws MonitorError `timeout`, `unreachable`, `too-large`; the signal's reason when aborted.
 */
export const readText = async (
  options: HttpOptions & { readonly accept: string; readonly signal: AbortSignal },
): Promise<HttpAnswer> => {
  const { signal, timeoutMs } = options;
  signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const timeout = setTimeout(
    () =>
      stop.abort(
        new MonitorError('timeout', `no whole answer within ${timeoutMs} ms`, { timeoutMs }),
      ),
    timeoutMs,
  );
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason), { once: true });
  });
  try {
    const { url, authorization } = splitCredentials(options.url);
    const request = async (): Promise<HttpAnswer> => {
      const response = await ky.get(url, {
        retry: 0,
        redirect: 'manual',
        throwHttpErrors: false,
        timeout: false,
        signal: stop.signal,
        cache: 'no-store',
        headers: {
          accept: options.accept,
          connection: 'close',
          ...(authorization === undefined ? {} : { authorization }),
          ...options.headers,
        },
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
      });
      return { status: response.status, text: await readBody(response) };
    };
    // The race holds the timeout even where an injected fetch does not listen to its signal.
    return await Promise.race([request(), stopped]);
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    if (error instanceof MonitorError) throw error;
    throw new MonitorError('unreachable', networkReason(error), {}, { cause: error });
  } finally {
    clearTimeout(timeout);
    signal.removeEventListener('abort', onAbort);
  }
};

/** 2xx. A redirect is none: it is not followed. */
export const isSuccess = (status: number): boolean => status >= 200 && status <= 299;

/** `HTTP 302 (redirects are not followed)`. */
export const statusSentence = (status: number): string =>
  status >= 300 && status <= 399 ? `HTTP ${status} (redirects are not followed)` : `HTTP ${status}`;
