import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf } from '../errors.ts';
import type { Clock } from '../process/clock.ts';
import { accessOf } from './access.ts';

/** What a dashboard shows, from elsewhere. */
export interface Shows {
  /** A whole page for a path of ours; `null`: there is none. */
  page(path: string): Promise<string | null>;
  /** What the open pages show, as it is now. */
  view(): Promise<string>;
  /** Another text once `view` may give something else. */
  version(): Promise<string>;
}

export interface Serving {
  readonly port: number;
  /** What to open, the token in it. */
  readonly address: string;
  close(): Promise<void>;
}

/** Between two looks at the files while somebody watches, ms. */
const lookEveryMs = 1000;

/** So often a comment goes out, and a connection that is gone shows, ms. */
const aliveEveryMs = 15_000;

const headers = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const answer = (response: ServerResponse, status: number, type: string, body: string): void => {
  response.writeHead(status, { ...headers, 'content-type': `${type}; charset=utf-8` });
  response.end(body);
};

/**
 * Serves a dashboard on 127.0.0.1, and nothing else anywhere. What fails in it is told to whoever looks, and to nobody
 * else: a watch may run in this process.
 *
 * @param port 0: any that is free
 */
export const serveDashboard = async (
  shows: Shows,
  options: {
    readonly port: number;
    readonly token: string;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<Serving> => {
  const { token, clock } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);

  const stream = async (response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const until = AbortSignal.any([signal, gone.signal]);
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 1000\n\n');
    let shown = '';
    let saidAtMs = clock.now();
    while (!until.aborted) {
      const version = await shows.version();
      if (version !== shown) {
        response.write(`event: view\ndata: ${JSON.stringify(await shows.view())}\n\n`);
        shown = version;
        saidAtMs = clock.now();
      } else if (clock.now() - saidAtMs > aliveEveryMs) {
        response.write(': still here\n\n');
        saidAtMs = clock.now();
      }
      await clock.sleep(lookEveryMs, until).catch(() => undefined);
    }
    response.end();
  };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const access = accessOf(
      {
        method: request.method,
        host: request.headers.host,
        site: request.headers['sec-fetch-site']?.toString(),
        url: request.url ?? '/',
      },
      { token, port: portOf() },
    );
    if (!access.go) return answer(response, access.status, 'text/plain', `${access.why}\n`);
    if (access.path === '/events') return stream(response);
    const page = await shows.page(access.path);
    if (page === null) return answer(response, 404, 'text/plain', 'there is no such page\n');
    answer(response, 200, 'text/html', page);
  };

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      if (response.headersSent) response.end();
      else answer(response, 500, 'text/plain', `it could not be read: ${messageOf(error)}\n`);
    });
  });
  const portOf = (): number => {
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : options.port;
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: portOf(),
    address: `http://127.0.0.1:${portOf()}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        stop.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
