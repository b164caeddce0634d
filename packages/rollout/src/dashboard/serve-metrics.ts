import { createServer } from 'node:http';
import { messageOf } from '../errors.ts';

export interface ServingMetrics {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics` on 127.0.0.1 for a Prometheus on this machine. Read anew at each question.
 *
 * @param port 0: any that is free
 */
export const serveMetrics = async (
  read: () => Promise<string>,
  port: number,
): Promise<ServingMetrics> => {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string) => {
      response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(text);
    };
    if (request.method !== 'GET' || request.url !== '/metrics')
      return answer(404, 'see /metrics\n');
    read().then(
      (text) => answer(200, text),
      (error: unknown) => answer(500, `it could not be read: ${messageOf(error)}\n`),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const listens = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `http://127.0.0.1:${listens}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
