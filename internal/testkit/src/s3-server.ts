import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { multipartUploads } from './s3-multipart.ts';

/** What befalls the body of an upload: see {@link TestS3Server.spoil}. */
export type UploadFault =
  /** 500 after half of the body; the object is not stored. */
  | 'error'
  /** The connection ends after half of the body; the object is not stored. */
  | 'cut'
  /** Stored with one bit changed, and answered, as ever after, with the checksum of what was sent. */
  | 'rot';

/** An S3-compatible store in this process. */
export interface TestS3Server {
  /** http://127.0.0.1:PORT, no trailing slash. */
  readonly url: string;
  /** `<bucket>/<key>`, and what is stored there. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Uploads in parts that were begun, and neither completed nor given up. */
  openUploads(): number;
  /** From now on this befalls uploads to keys that the pattern matches; null: nothing does. */
  spoil(fault: { readonly kind: UploadFault; readonly key: RegExp } | null): void;
  /** Stops answering; the connections that there are end. */
  close(): Promise<void>;
}

export interface StoredObject {
  readonly bytes: Buffer;
  /** What the store says of itself: the MD5 of what was sent, and the client's own metadata. */
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly at: Date;
}

const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

const metadataOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') && typeof value === 'string' ? [[name, value]] : [],
    ),
  );

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const answerXml = (response: ServerResponse, status: number, xml: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
};

const answerError = (response: ServerResponse, status: number, code: string): void =>
  answerXml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);

/**
 * As much of S3 as rclone needs: buckets by path, PutObject, uploads in parts, GetObject (with Range), HeadObject,
 * CopyObject, DeleteObject, ListObjects of both versions. Signatures are not checked. Listens on
 * a free loopback port; closed with the test.
 */
export const startS3Server = async (): Promise<TestS3Server> => {
  const objects = new Map<string, StoredObject>();
  const uploads = multipartUploads();
  let fault: { readonly kind: UploadFault; readonly key: RegExp } | null = null;

  /** POST begins an upload in parts, or puts it together. */
  const post = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    id: string | null,
  ) => {
    await buffer(request);
    if (id === null) {
      const begun = uploads.begin(path, metadataOf(request));
      answerXml(
        response,
        200,
        `<InitiateMultipartUploadResult><Key>${escapeXml(path)}</Key><UploadId>${begun}</UploadId></InitiateMultipartUploadResult>`,
      );
      return;
    }
    const whole = uploads.complete(id);
    if (whole === null) return answerError(response, 404, 'NoSuchUpload');
    objects.set(whole.path, { ...whole, at: new Date() });
    answerXml(
      response,
      200,
      `<CompleteMultipartUploadResult><ETag>${whole.etag}</ETag></CompleteMultipartUploadResult>`,
    );
  };

  const put = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    part: { readonly id: string; readonly number: number } | null,
  ) => {
    const kind = fault?.key.test(path) === true ? fault.kind : null;
    const half = Number(request.headers['content-length'] ?? 0) / 2;
    const chunks: Buffer[] = [];
    let received = 0;
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      received += (chunk as Buffer).length;
      if (received < half || response.headersSent) continue;
      if (kind === 'cut') return request.socket.destroy();
      // The rest is read: who leaves it ends the connection, which is the other fault.
      if (kind === 'error') answerError(response, 500, 'InternalError');
    }
    if (kind === 'error') return;
    const bytes = Buffer.concat(chunks);
    const etag = etagOf(bytes);
    if (kind === 'rot') bytes[50] = (bytes[50] ?? 0) ^ 1;
    if (part === null)
      objects.set(path, { bytes, etag, metadata: metadataOf(request), at: new Date() });
    else if (!uploads.fill(part.id, part.number, bytes))
      return answerError(response, 404, 'NoSuchUpload');
    response.writeHead(200, { etag }).end();
  };

  const copy = (request: IncomingMessage, response: ServerResponse, path: string, from: string) => {
    const source = objects.get(decodeURIComponent(from).replace(/^\//, ''));
    if (source === undefined) return answerError(response, 404, 'NoSuchKey');
    const isReplaced = request.headers['x-amz-metadata-directive'] === 'REPLACE';
    const metadata = isReplaced ? metadataOf(request) : source.metadata;
    const at = new Date();
    objects.set(path, { ...source, metadata, at });
    answerXml(
      response,
      200,
      `<CopyObjectResult><ETag>${source.etag}</ETag><LastModified>${at.toISOString()}</LastModified></CopyObjectResult>`,
    );
  };

  const get = (request: IncomingMessage, response: ServerResponse, path: string) => {
    const found = objects.get(path);
    // A HEAD has no body to say it in.
    if (found === undefined) {
      if (request.method === 'HEAD') return response.writeHead(404).end();
      return answerError(response, 404, 'NoSuchKey');
    }
    const { bytes, etag, metadata, at } = found;
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(from ?? 0);
    const end = to === undefined || to === '' ? bytes.length - 1 : Number(to);
    const part = bytes.subarray(start, end + 1);
    response.writeHead(from === undefined ? 200 : 206, {
      ...metadata,
      etag,
      'last-modified': at.toUTCString(),
      'content-length': part.length,
      'content-type': 'application/octet-stream',
      ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${bytes.length}` }),
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  };

  const list = (response: ServerResponse, bucket: string, query: URLSearchParams) => {
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const folders = new Set<string>();
    let contents = '';
    for (const [path, { bytes, etag, at }] of [...objects].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const key = path.slice(bucket.length + 1);
      if (!path.startsWith(`${bucket}/`) || !key.startsWith(prefix)) continue;
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      if (cut >= 0) folders.add(key.slice(0, cut + delimiter.length));
      else
        contents += `<Contents><Key>${escapeXml(key)}</Key><LastModified>${at.toISOString()}</LastModified><ETag>${etag}</ETag><Size>${bytes.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    }
    const common = [...folders]
      .map((folder) => `<CommonPrefixes><Prefix>${escapeXml(folder)}</Prefix></CommonPrefixes>`)
      .join('');
    answerXml(
      response,
      200,
      `<ListBucketResult><Name>${bucket}</Name><Prefix>${escapeXml(prefix)}</Prefix><IsTruncated>false</IsTruncated>${contents}${common}</ListBucketResult>`,
    );
  };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://store');
    const path = decodeURIComponent(pathname).replace(/^\/|\/$/g, '');
    const isBucket = !path.includes('/');
    const from = request.headers['x-amz-copy-source'];
    const id = searchParams.get('uploadId');
    if (isBucket && request.method === 'PUT') response.end();
    else if (isBucket) list(response, path, searchParams);
    else if (request.method === 'PUT' && typeof from === 'string')
      copy(request, response, path, from);
    else if (request.method === 'POST') await post(request, response, path, id);
    else if (request.method === 'PUT') {
      const number = Number(searchParams.get('partNumber'));
      await put(request, response, path, id === null ? null : { id, number });
    } else if (request.method === 'DELETE') {
      if (id === null) objects.delete(path);
      else uploads.abort(id);
      response.writeHead(204).end();
    } else if (request.method === 'GET' || request.method === 'HEAD') get(request, response, path);
    else answerError(response, 501, 'NotImplemented');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    openUploads: uploads.open,
    spoil: (next) => {
      fault = next;
    },
    close,
  };
};
