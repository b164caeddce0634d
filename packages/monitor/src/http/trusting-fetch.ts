import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Statuses that a `Response` takes no body for. */
const bodiless = new Set([101, 103, 204, 205, 304]);

const headersOf = (request: Request): Record<string, string> => ({
  ...Object.fromEntries(request.headers),
  'accept-encoding': 'gzip',
});

/**
 * A `fetch` for https addresses whose certificate one of these authorities signed, as PEM; the public ones are not
 * trusted then. The global `fetch` can't be told one.
 */
export const trustingFetch =
  (ca: string): typeof globalThis.fetch =>
  (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith('https:')) return fetch(request);
    return new Promise((resolve, reject) => {
      const { signal } = request;
      const options = {
        method: request.method,
        headers: headersOf(request),
        ca,
        agent: false as const,
        signal,
      };
      // Loaded where it is used: most services are asked by fetch.
      const asked = process
        .getBuiltinModule('node:https')
        .request(request.url, options, (answer) => {
          const status = answer.statusCode ?? 0;
          const headers = new Headers();
          const contentType = answer.headers['content-type'];
          if (contentType !== undefined) headers.set('content-type', contentType);
          const zipped = answer.headers['content-encoding'] === 'gzip';
          const body = zipped ? answer.compose(createGunzip()) : answer;
          if (bodiless.has(status)) answer.resume();
          resolve(
            new Response(bodiless.has(status) ? null : (Readable.toWeb(body) as ReadableStream), {
              status,
              headers,
            }),
          );
        });
      asked.once('error', reject);
      asked.end();
    });
  };
