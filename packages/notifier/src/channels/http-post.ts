import type { ClientRequest, IncomingMessage } from 'node:http';
import { codeOf } from '@dhash/basics/code-of';
import { type AttemptResult, permanent, transient } from '../delivery/attempt.ts';
import type { HintSource } from '../delivery/server-hint.ts';
import { isTlsCode } from '../delivery/tls-codes.ts';
import { type Agents, type Connection, privateTargetCode } from '../net/agents.ts';
import type { Guard } from '../net/target-policy.ts';
import { cleanLine } from '../text/clean.ts';
import { truncate } from '../text/cut.ts';
import { readAnswer } from './read-answer.ts';

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
  readonly agents: Agents;
  readonly guard: Guard;
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
  'ETIMEDOUT',
]);

/** The status with which a proxy refused a tunnel: all that is taken of the error, which holds more. */
const proxyStatus = (error: unknown): string | null =>
  error instanceof Error && codeOf(error) === 'ERR_PROXY_TUNNEL'
    ? (/\bHTTP\/1\.\d (\d{3})\b/.exec(error.message)?.[1] ?? 'an error')
    : null;

const userAgent = 'dhash-notifier';

const parseJson = (text: string): unknown => {
  if (!/^\s*[{["]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON after all: a proxy's page, a cut-off body. The text itself is still shown.
    return undefined;
  }
};

/** How a request stood when it failed. */
interface Failed {
  readonly proxyVariable: string | null;
  readonly error: unknown;
  readonly hasTimedOut: boolean;
  readonly isConnected: boolean;
}

const failure = (
  { error, hasTimedOut, isConnected, proxyVariable }: Failed,
  { signal, tryMs }: PostOptions,
): AttemptResult => {
  // An error of the network can hold the address: nothing of it but its code goes further.
  if (signal?.aborted) return transient('cancelled', { isAmbiguous: true, isCancelled: true });
  if (hasTimedOut)
    return isConnected
      ? transient(`no answer in ${tryMs} ms`, { isAmbiguous: true })
      : transient(`not reached in ${tryMs} ms`);
  const code = codeOf(error);
  if (code === privateTargetCode) return privateTarget;
  const refusal = proxyStatus(error);
  if (refusal !== null)
    return transient(`the proxy (${proxyVariable}) refused the way to it, with ${refusal}`);
  if (unsentCodes.has(code))
    return transient(
      `not reached (${code}${proxyVariable === null ? '' : `; ${proxyVariable} is set`})`,
    );
  if (isTlsCode(code))
    return transient(`its certificate or TLS is not accepted (${code})`, { isConfig: true });
  return transient(`the connection broke${code === '' ? '' : ` (${code})`}`, { isAmbiguous: true });
};

const privateTarget = permanent(
  'its host resolves to a private network; set allowPrivate: true where that is meant',
);

/** The way to `url`, or what became of the try for want of one. */
const connectionTo = async (
  url: URL,
  { agents, guard, signal }: PostOptions,
): Promise<Exclude<Connection, { problem: string }> | AttemptResult> => {
  try {
    const way = await agents.to(url, guard);
    if ('problem' in way) return transient(`not tried: ${way.problem}`);
    return signal?.aborted ? transient('cancelled', { isCancelled: true }) : way;
  } catch (error) {
    if (codeOf(error) !== privateTargetCode) throw error;
    return privateTarget;
  }
};

const headersOf =
  (response: IncomingMessage) =>
  (name: string): string | null => {
    const value = response.headers[name.toLowerCase()];
    return value === undefined ? null : [value].flat().join(', ');
  };

const answerOf = async (
  response: IncomingMessage,
  redact: (text: string) => string,
): Promise<HttpAnswer> => {
  const { text, isWhole } = await readAnswer(response);
  return {
    status: response.statusCode ?? 0,
    text,
    said: text === '' ? '' : truncate(redact(cleanLine(text.slice(0, 2000))), saidLimit),
    isWhole,
    json: parseJson(text),
    header: headersOf(response),
  };
};

const responseTo = (request: ClientRequest, body: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    request.end(body);
  });

/** One POST of exactly `body`: no retry, no redirect followed, all of it within `tryMs`. */
export const httpPost = async (
  url: URL,
  body: string,
  headers: Readonly<Record<string, string>>,
  options: PostOptions,
): Promise<PostResult> => {
  const { protocol } = url;
  const { signal, tryMs } = options;
  const way = await connectionTo(url, options);
  if ('kind' in way) return { kind: 'failed', result: way };
  const { agent, proxyVariable } = way;
  const http = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  const request = http.request(url, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'user-agent': userAgent, ...headers },
  });
  let hasTimedOut = false;
  let isConnected = false;
  request.once('socket', (socket) => {
    isConnected = !socket.connecting;
    // A kept connection will not connect again: a listener on it would stay as long as it does.
    if (!isConnected)
      socket.once('connect', () => {
        isConnected = true;
      });
  });
  const cancel = (): void => {
    request.destroy();
  };
  const timer = setTimeout(() => {
    hasTimedOut = true;
    request.destroy();
  }, tryMs);
  signal?.addEventListener('abort', cancel);
  try {
    const response = await responseTo(request, body);
    if (response.statusCode === 407 && proxyVariable !== null) {
      response.resume();
      const reason = `the proxy (${proxyVariable}) asks for a user and password: 407`;
      return { kind: 'failed', result: transient(reason) };
    }
    return { kind: 'answer', answer: await answerOf(response, options.redact) };
  } catch (error) {
    return {
      kind: 'failed',
      result: failure({ error, hasTimedOut, isConnected, proxyVariable }, options),
    };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
};
