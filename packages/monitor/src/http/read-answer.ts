import { readFile } from 'node:fs/promises';
import { MonitorError } from '../errors.ts';
import { headerFault } from './header-fault.ts';
import { loadKy } from './load-ky.ts';
import { trustingFetch } from './trusting-fetch.ts';

/** What an HTTP source or probe is given. */
export interface HttpOptions {
  readonly url: string;
  /** From the first byte sent to the last byte of the body, ms. */
  readonly timeoutMs: number;
  /** Sent along, for instance an `authorization`. Never appears in an error or a sample. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A file with a token, read anew each time; goes along as `authorization: Bearer …`. */
  readonly bearerFile?: string | undefined;
  /** A PEM file of the authorities that may have signed the address' certificate, instead of the public ones. */
  readonly tls?: { readonly caFile: string } | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly contentType: string | null;
}

/** A page of metrics is some 100 KB; one beyond this is a mistake, and would fill the memory. */
const mostBodyBytes = 16 * 1024 * 1024;

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

/** One buffer that grows: a body in chunks of one byte each would else be millions of them. */
const readBody = async (
  response: Response,
  { bytes: mostBytes, beyond }: { readonly bytes: number; readonly beyond: 'refuse' | 'cut' },
): Promise<Buffer> => {
  if (response.body === null) return Buffer.alloc(0);
  let bytes = Buffer.allocUnsafe(64 * 1024);
  let length = 0;
  for await (const chunk of response.body) {
    if (length + chunk.byteLength > mostBytes && beyond === 'cut') {
      return Buffer.concat([bytes.subarray(0, length), chunk.subarray(0, mostBytes - length)]);
    }
    if (length + chunk.byteLength > mostBytes) {
      throw new MonitorError('too-large', `the answer is larger than ${mostBytes} bytes`, {
        mostBytes,
      });
    }
    if (length + chunk.byteLength > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, length + chunk.byteLength));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    bytes.set(chunk, length);
    length += chunk.byteLength;
  }
  return bytes.subarray(0, length);
};

const readOwn = async (file: string, what: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new MonitorError('bad-options', `${what}: ${networkReason(cause)}`, { file }, { cause });
  }
};

/** What goes along, checked here: `fetch` quotes a value that it can't send, and that may be a secret. */
const headersFor = async (
  options: HttpOptions & { readonly accept: string },
  authorization: string | undefined,
): Promise<Record<string, string>> => {
  const { bearerFile } = options;
  const token =
    bearerFile === undefined ? undefined : (await readOwn(bearerFile, 'bearerFile')).trim();
  if (token === '') throw new MonitorError('bad-options', `bearerFile ${bearerFile} is empty`);
  const headers = {
    accept: options.accept,
    connection: 'close',
    ...(authorization === undefined ? {} : { authorization }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([name, text]) => [name.toLowerCase(), text]),
    ),
  };
  const fault = headerFault(headers);
  if (fault !== null) throw new MonitorError('bad-options', fault);
  return headers;
};

/** `ECONNREFUSED`, `CERT_HAS_EXPIRED`; `null` where no cause has one. */
const networkCode = (error: unknown): string | null => {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string') return at.code;
  return null;
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
 * GETs what is at `url`, whatever its status. No retry (the next poll is one) and no redirect
 * (a login page behind a redirect answers 200). One connection per request: a kept one hides a
 * service that no longer accepts, and a balancer would never give another replica.
 * @throws MonitorError `timeout`, `unreachable`, `too-large`, `bad-options`; the signal's reason when aborted.
 */
export const readAnswer = async (
  options: HttpOptions & {
    readonly accept: string;
    readonly signal: AbortSignal;
    /** A longer body is refused, or read no further. Default: 16 MiB, refused. */
    readonly most?: { readonly bytes: number; readonly beyond: 'refuse' | 'cut' };
  },
): Promise<HttpAnswer> => {
  const { signal, timeoutMs } = options;
  signal.throwIfAborted();
  const ky = await loadKy();
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
      const headers = await headersFor(options, authorization);
      const ca =
        options.tls === undefined ? undefined : await readOwn(options.tls.caFile, 'tls.ca');
      const asking = options.fetch ?? (ca === undefined ? undefined : trustingFetch(ca));
      const response = await ky.get(url, {
        retry: 0,
        redirect: 'manual',
        throwHttpErrors: false,
        timeout: false,
        signal: stop.signal,
        cache: 'no-store',
        headers,
        ...(asking === undefined ? {} : { fetch: asking }),
      });
      return {
        status: response.status,
        body: await readBody(response, options.most ?? { bytes: mostBodyBytes, beyond: 'refuse' }),
        contentType: response.headers.get('content-type'),
      };
    };
    // The race holds the timeout even where an injected fetch does not listen to its signal.
    return await Promise.race([request(), stopped]);
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    if (error instanceof MonitorError) throw error;
    throw new MonitorError(
      'unreachable',
      networkReason(error),
      { code: networkCode(error) },
      { cause: error },
    );
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

/** A body as text, without a byte order mark in front. */
export const textOf = ({ body }: HttpAnswer): string => {
  const text = body.toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
};

/**
 * A body as JSON; a byte order mark is skipped (RFC 8259 lets a reader).
 * @throws MonitorError `bad-metrics`
 */
export const jsonOf = (answer: HttpAnswer): unknown => {
  try {
    return JSON.parse(textOf(answer));
  } catch (cause) {
    throw new MonitorError('bad-metrics', 'metrics: the answer is not JSON', {}, { cause });
  }
};

/** @throws MonitorError `bad-status` for an answer that is no 2xx. */
export const expectSuccess = ({ status }: HttpAnswer): void => {
  if (isSuccess(status)) return;
  throw new MonitorError('bad-status', `metrics: ${statusSentence(status)}`, { status });
};
