import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { LineTable } from './table/line-table.ts';

/** Name of the entry that is last in every backup. */
export const MANIFEST_NAME = 'manifest.json';
/** The format that this version writes and reads. */
export const FORMAT = 1;

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'));
const bytes = z.int().check(z.nonnegative());
/** Permission bits, and setuid, setgid, sticky. */
const mode = z.int().check(z.minimum(0), z.maximum(0o7777));
/** Number of a user or group; 2^32 - 1 means nobody (chown(2)). */
const id = z.int().check(z.minimum(0), z.maximum(0xffff_fffe));
/** Whose it is, where that is not the owner of its source's folder. */
const owner = { uid: z.optional(id), gid: z.optional(id) };
/** UTC with nanoseconds: `2026-01-31T12:00:00.123456789Z`. */
const mtime = z
  .string()
  .check(z.regex(/^-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/, 'expected a UTC time'));
/** Base64 of the true path inside the source, where the entry's own name could not be it. */
const name = z.base64();

const chunk = z.object({
  /** SHA-256 of the chunk's plain bytes (1 MiB; the last one may be shorter). */
  sha256,
  /** Bytes that the chunk has in the archive. */
  packedBytes: bytes,
  /** SHA-256 of those. */
  packedSha256: sha256,
});

const fileEntry = z.object({
  type: z.literal('file'),
  /** `<source>/<relative path>`, as in the archive. */
  path: z.string(),
  size: bytes,
  sha256,
  mode,
  mtime,
  /** SHA-256 of the bytes in the archive; absent where they are stored, thus the same, or in chunks that have their own. */
  packedSha256: z.optional(sha256),
  /** Bytes that it took on its disk, of a file with holes: runs of zeros are restored as holes. */
  allocated: z.optional(bytes),
  /** Of large deflated files: what lets a later backup reuse the parts that did not change. */
  chunks: z.optional(z.array(chunk)),
  /** Path in the archive of the line before it that is the same file: a hard link. Its content is in the archive twice. */
  sameAs: z.optional(z.string()),
  name: z.optional(name),
  ...owner,
});

const linkEntry = z.object({
  type: z.literal('link'),
  path: z.string(),
  /** Relative; stays inside the source. */
  target: z.string(),
  name: z.optional(name),
  ...owner,
});

const dirEntry = z.object({
  type: z.literal('dir'),
  path: z.string(),
  mode,
  name: z.optional(name),
  ...owner,
});

const isRecordOf = (value: unknown, isValue: (each: unknown) => boolean): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every(isValue);

/** By table. Not a record of zod's, which leaves a key `__proto__` out. */
const rows = z.custom<Record<string, number>>(
  (value) => isRecordOf(value, (each) => Number.isSafeInteger(each) && Number(each) >= 0),
  'expected numbers of rows by table',
);

/** Digests by table. */
const digests = z.custom<Record<string, string>>(
  (value) => isRecordOf(value, (each) => typeof each === 'string'),
  'expected digests by table',
);

const folder = z.object({
  /** Base64 of its path inside the source. */
  name,
  mode,
  ...owner,
});

/** Base64 by the attribute's name. */
const attributeValues = z.custom<Record<string, string>>(
  (value) => isRecordOf(value, (each) => typeof each === 'string' && /^[\w+/=]*$/.test(each)),
  'expected values in base64 by name',
);

const attributes = z.object({ name: z.string(), values: attributeValues });

const source = z.object({
  name: z.string().check(z.regex(/^[a-z0-9][a-z0-9_-]{0,40}$/, 'expected a source name')),
  type: z.enum(['files', 'sqlite', 'postgres', 'command', 'external']),
  include: z.optional(z.array(z.string())),
  exclude: z.optional(z.array(z.string())),
  /** Modes of folders that differ from 0755, by path inside the source; '' is the source's own folder. */
  folderModes: z.optional(z.record(z.string(), mode)),
  /** Folders that are not empty and whose looks are not told by `folderModes`: another owner, or a name that is no key. */
  folders: z.optional(z.array(folder)),
  /** Owner of the source's own folder, or of a database's file. */
  uid: z.optional(id),
  gid: z.optional(id),
  /** Extended attributes, access lists among them, of the files and folders that have any; `name` as in `folders`, '' for the source's own. */
  attributes: z.optional(z.array(attributes)),
  /** What is not in the backup, or was not checked, and is no fault of it: a sentence each. */
  notes: z.optional(z.array(z.string())),
  /** Of a snapshot that somebody else keeps: what it is called there. */
  reference: z.optional(z.string()),
  /** Who says that it is sound. */
  verified: z.optional(z.enum(['by its own command', 'not verified'])),
  /** Rows per table when the database was copied. */
  tables: z.optional(rows),
  /** What tells whether rows of a table were changed since: comparable only with another of the same kind and version. */
  digests: z.optional(digests),
  /** Rows whose foreign key points nowhere, where there were any. */
  foreignKeyViolations: z.optional(z.int().check(z.positive())),
  userVersion: z.optional(z.int()),
  schemaVersion: z.optional(z.int()),
  applicationId: z.optional(z.int()),
  pageSize: z.optional(z.int()),
  pageCount: z.optional(z.int()),
});

/** All of a manifest but its lines. */
export const manifestFrame = z.object({
  format: z.literal(FORMAT),
  tool: z.object({
    name: z.string(),
    version: z.string(),
    node: z.string(),
    zlib: z.string(),
    arch: z.string(),
  }),
  service: z.string(),
  env: z.string(),
  release: z.nullable(z.string()),
  migrations: z.array(z.string()),
  tag: z.nullable(z.string()),
  complete: z.boolean(),
  /** What could not be read, where the backup is not complete. */
  incomplete: z.array(z.string()),
  contentRoot: sha256,
  totalBytes: bytes,
  sources: z.array(source),
});

export const manifestEntry = z.discriminatedUnion('type', [fileEntry, linkEntry, dirEntry]);

export type ManifestFile = z.infer<typeof fileEntry>;
export type ManifestLink = z.infer<typeof linkEntry>;
export type ManifestDir = z.infer<typeof dirEntry>;
/** A line of the manifest; links and empty folders have no entry in the archive. */
export type ManifestEntry = ManifestFile | ManifestLink | ManifestDir;
export type ManifestChunk = z.infer<typeof chunk>;
export type ManifestSource = z.infer<typeof source>;
/** All of a manifest but its lines. */
export type ManifestFrame = z.infer<typeof manifestFrame>;
/** The manifest as it lies in the archive: nothing in it depends on when the backup was made. */
export type StoredManifest = ManifestFrame & { readonly entries: Iterable<ManifestEntry> };
/** The manifest, with the time that the backup's name says (ISO 8601, UTC). */
export type Manifest = ManifestFrame & { readonly createdAt: string; entries: ManifestEntry[] };

/** The lines that have an entry in the archive. */
export function* filesOf({ entries }: Pick<StoredManifest, 'entries'>): Generator<ManifestFile> {
  for (const entry of entries) if (entry.type === 'file') yield entry;
}

/** UTF-16 puts what lies beyond its first 65,536 characters before U+E000; UTF-8 puts it last. */
const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x2800 : unit);

/** Bytewise, as UTF-8: not the order of UTF-16 code units, and of no locale. The texts must be well-formed. */
export const bytewise = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unit = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (unit !== other) return rank(unit) - rank(other);
  }
  return a.length - b.length;
};

/**
 * What the content of a backup is, whatever packed it: SHA-256 over `<path> NUL <size> NUL <sha256> LF` of
 * every file, sorted bytewise by path.
 */
export const contentRootOf = (lines: LineTable): string => {
  const hash = createHash('sha256');
  for (const row of lines.rowsByPath()) {
    const line = lines.at(row);
    if (line.type === 'file') hash.update(`${line.path}\0${line.size}\0${line.sha256}\n`);
  }
  return hash.digest('hex');
};
