import { createHash, randomUUID } from 'node:crypto';

/** An upload in parts that is under way. */
interface Upload {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
}

/** What an upload in parts came to. */
export interface Assembled {
  readonly path: string;
  readonly bytes: Buffer;
  /** As S3 makes it: the MD5 of the parts' MD5s, a dash, how many there were. */
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Uploads in parts, as S3 knows them: begun, filled in any order, put together or given up. */
export const multipartUploads = () => {
  const uploads = new Map<string, Upload>();
  return {
    begin: (path: string, metadata: Upload['metadata']): string => {
      const id = randomUUID();
      uploads.set(id, { path, metadata, parts: new Map() });
      return id;
    },
    /** False where there is no such upload. */
    fill: (id: string, part: number, bytes: Buffer): boolean =>
      uploads.get(id)?.parts.set(part, bytes) !== undefined,
    complete: (id: string): Assembled | null => {
      const upload = uploads.get(id);
      if (upload === undefined) return null;
      uploads.delete(id);
      const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
      const digests = parts.map((part) => createHash('md5').update(part).digest());
      const md5 = createHash('md5').update(Buffer.concat(digests)).digest('hex');
      const etag = `"${md5}-${parts.length}"`;
      const { path, metadata } = upload;
      return { path, metadata, etag, bytes: Buffer.concat(parts) };
    },
    abort: (id: string): boolean => uploads.delete(id),
    /** Begun, and neither put together nor given up: they cost storage for ever. */
    open: (): number => uploads.size,
  };
};
