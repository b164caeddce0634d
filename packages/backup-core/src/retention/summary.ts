import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import type { Disk } from '../disk.ts';
import { systemCode, throwUnwritable } from '../errors.ts';
import { filesOf, type Manifest } from '../manifest.ts';
import { replaceFile } from '../replace-file.ts';
import { linesOf } from '../shown-manifest.ts';
import type { SourceAmounts } from './shrink.ts';

/** Lies beside its zip: what lists and retention need of it, so that they need not open it. */
export const SUMMARY_SUFFIX = '.summary.json';

const count = z.int().check(z.nonnegative());

const amounts = z.object({
  name: z.string(),
  entries: count,
  bytes: count,
  rows: z.nullable(count),
});

const summary = z.object({
  format: z.literal(1),
  /** SHA-256 of the zip that this is about: a summary of another file counts for nothing. */
  sha256: z.string(),
  service: z.string(),
  env: z.string(),
  release: z.nullable(z.string()),
  migrations: z.array(z.string()),
  complete: z.boolean(),
  entries: count,
  /** Plain bytes. */
  totalBytes: count,
  sources: z.array(amounts),
  /** When every byte was checked on disk (ISO 8601, UTC); null: not since it was made. */
  verifiedAt: z.nullable(z.string()),
  /** The backup before it, of the same service and environment, and what that one amounted to. */
  previous: z.nullable(z.object({ name: z.string(), sources: z.array(amounts) })),
  /** Somebody looked, and said that it is right that it shrank. */
  shrinkAccepted: z.nullable(
    z.object({ at: z.string(), by: z.string(), reason: z.nullable(z.string()) }),
  ),
});

/** What a backup amounts to, and how it stands. */
export type BackupSummary = z.infer<typeof summary>;

/** What each source of a backup amounts to. */
export const amountsOf = (manifest: Pick<Manifest, 'entries' | 'sources'>): SourceAmounts[] => {
  const found = new Map<string, { entries: number; bytes: number }>();
  for (const line of filesOf({ entries: linesOf(manifest) })) {
    const name = line.path.slice(0, line.path.indexOf('/'));
    const before = found.get(name) ?? { entries: 0, bytes: 0 };
    found.set(name, { entries: before.entries + 1, bytes: before.bytes + line.size });
  }
  return manifest.sources.map(({ name, tables }): SourceAmounts => {
    const rows = tables === undefined ? null : sum(Object.values(tables));
    return { name, ...(found.get(name) ?? { entries: 0, bytes: 0 }), rows };
  });
};

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** What a manifest alone tells: nothing of checks, of the backup before, or of what people said. */
export const summaryOf = (manifest: Manifest, sha256: string): BackupSummary => {
  const sources = amountsOf(manifest);
  return {
    format: 1,
    sha256,
    service: manifest.service,
    env: manifest.env,
    release: manifest.release,
    migrations: manifest.migrations,
    complete: manifest.complete,
    entries: sum(sources.map(({ entries }) => entries)),
    totalBytes: manifest.totalBytes,
    sources,
    verifiedAt: null,
    previous: null,
    shrinkAccepted: null,
  };
};

/** The summary beside a zip; null where there is none that can be read. */
export const readSummary = async (file: string): Promise<BackupSummary | null> => {
  try {
    const parsed = summary.safeParse(JSON.parse(await readFile(file + SUMMARY_SUFFIX, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    // It can be made again from the zip.
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null;
    throw error;
  }
};

/** Writes a summary beside its zip, whole or not at all. */
export const writeSummary = async (
  disk: Disk,
  file: string,
  content: BackupSummary,
): Promise<void> => {
  await replaceFile(disk, file + SUMMARY_SUFFIX, 'summary', [`${JSON.stringify(content)}\n`]).catch(
    throwUnwritable(dirname(file)),
  );
};
