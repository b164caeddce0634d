import { type AttemptResult, permanent, transient } from '../delivery/attempt.ts';
import type { HintSource } from '../delivery/server-hint.ts';
import { isTlsCode } from '../delivery/tls-codes.ts';
import { privateTargetCode } from '../net/dispatcher.ts';
import { cleanLine } from '../text/clean.ts';
import { truncate } from '../text/cut.ts';

/** Most of an answer that is read, bytes: no vendor says more than this. */
const answerLimitBytes = 65_536;
/** Most of an answer that is shown. */
const saidLimit = 200;

/** What a server answered. */
export interface HttpAnswer extends HintSource {
  readonly status: number;
  readonly text: string;
  /** The text as one short, redacted line. */
  readonly said: string;
  /** Whether the body came to its end. */
  readonly isWhole: boolean;
}

/** How a POST ended: an answer, or a classified failure. */
export type PostResult =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'failed'; readonly result: AttemptResult };

/** What a channel posts with. */
export interface PostOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly dispatcher: unknown;
  /** Whether the environment names a proxy. */
  readonly hasProxy: boolean;
  readonly redact: (text: string) => string;
  readonly tryMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Nothing was sent: the connection itself failed. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The innermost error code of fetch's nested causes. */
const codeOf = (error: unknown, depth = 0): string => {
  if (typeof error !== 'object' || error === null || depth > 6) return '';
  const inner = 'cause' in error ? codeOf(error.cause, depth + 1) : '';
  if (inner !== '') return inner;
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
};

/** Whether an error or a cause of it says exactly this. */
const says = (error: unknown, text: string): boolean =>
  error instanceof Error && (error.message === text || says(error.cause, text));

/** What undici says of a proxy that answered CONNECT with another status than 200. */
const refusedByProxy = /^Proxy response \((\d{3})\)/;

/** The status with which a proxy refused the way, anywhere in fetch's nested causes. */
const proxyStatus = (error: unknown): string | null =>
  error instanceof Error
    ? (refusedByProxy.exec(error.message)?.[1] ?? proxyStatus(error.cause))
    : null;

const userAgent = 'dhash-notifier';

const readSome = async (response: Response): Promise<{ text: string; isWhole: boolean }> => {
  if (response.body === null) return { text: '', isWhole: true };
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: Buffer.concat(chunks).toString('utf8'), isWhole: true };
      chunks.push(value);
      size += value.length;
      if (size >= answerLimitBytes) {
        await reader.cancel();
        return { text: Buffer.concat(chunks).toString('utf8'), isWhole: true };
      }
    }
  } catch {
    // Cut off or timed out: what came is kept, and the caller sees that it is not whole.
    return { text: Buffer.concat(chunks).toString('utf8'), isWhole: false };
  }
};

const parseJson = (text: string): unknown => {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON after all: a proxy's page, a cut-off body. The text itself is still shown.
    return undefined;
  }
};

const failure = (error: unknown, timedOut: boolean, options: PostOptions): AttemptResult => {
  // fetch's errors can hold the whole URL: nothing of them but their code goes further.
  if (options.signal?.aborted)
    return transient('cancelled', { isAmbiguous: true, isCancelled: true });
  if (timedOut) return transient(`no answer in ${options.tryMs} ms`, { isAmbiguous: true });
  const code = codeOf(error);
  if (code === privateTargetCode)
    return permanent(
      'its host resolves to a private network; set allowPrivate: true where that is meant',
    );
  if (says(error, 'bad port')) return permanent('its port is one that no browser or Node may call');
  const refusal = proxyStatus(error);
  if (refusal !== null)
    return transient(`the proxy (HTTPS_PROXY) refused the way to it, with ${refusal}`);
  if (unsentCodes.has(code))
    return transient(`not reached (${code}${options.hasProxy ? '; HTTPS_PROXY is set' : ''})`);
  if (isTlsCode(code))
    return transient(`its certificate or TLS is not accepted (${code})`, { isConfig: true });
  return transient(`the connection broke${code === '' ? '' : ` (${code})`}`, { isAmbiguous: true });
};

/** One POST of exactly `body`: no retry, no redirect followed, all of it within `tryMs`. */
export const httpPost = async (
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  options: PostOptions,
): Promise<PostResult> => {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), options.tryMs);
  try {
    const response = await options.fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': userAgent, ...headers },
      redirect: 'manual',
      signal:
        options.signal === undefined
          ? timeout.signal
          : AbortSignal.any([timeout.signal, options.signal]),
      ...(options.dispatcher === undefined
        ? {}
        : { dispatcher: options.dispatcher as NonNullable<RequestInit['dispatcher']> }),
    });
    const { text, isWhole } = await readSome(response);
    const answer: HttpAnswer = {
      status: response.status,
      text,
      said: text === '' ? '' : truncate(options.redact(cleanLine(text.slice(0, 2000))), saidLimit),
      isWhole,
      json: parseJson(text),
      header: (name) => response.headers.get(name),
    };
    return { kind: 'answer', answer };
  } catch (error) {
    return { kind: 'failed', result: failure(error, timeout.signal.aborted, options) };
  } finally {
    clearTimeout(timer);
  }
};
