import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { canary, formsOf, holdsAny } from './canary/canary.ts';
import { ledgerFolder, note } from './canary/ledger.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestHttpServer {
  /** http://127.0.0.1:PORT, no trailing slash. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  close(): Promise<void>;
}

type Handler = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

/** A real HTTP server on a free loopback port that records what it is asked; closed with the test. */
export const startHttpServer = async (handler: Handler): Promise<TestHttpServer> => {
  const requests: RecordedRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: RecordedRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    requests.push(request);
    await handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(async () => {
    const ledger = ledgerFolder();
    const received = requests.filter(({ url, headers }) =>
      holdsAny(Buffer.from(url + JSON.stringify(headers)), formsOf(canary)),
    ).length;
    if (ledger !== undefined && received > 0) note(ledger, { received });
    await close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
};
