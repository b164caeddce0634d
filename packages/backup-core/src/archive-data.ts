import type { BackupJob } from './backup-options.ts';
import { type Gathered, gatherSources } from './gather-sources.ts';
import { checkEntryCount, checkManifestBytes } from './limits.ts';
import { contentRootOf, FORMAT, MANIFEST_NAME, type ManifestSource } from './manifest.ts';
import type { NewState, PreviousWork } from './previous-backup.ts';
import { manifestReader, type ReadManifest } from './read-manifest.ts';
import { renderManifest } from './render-manifest.ts';
import {
  nothingWritten,
  type ReusedWork,
  type WrittenEntries,
  writeEntries,
} from './write-entries.ts';
import { packText } from './zip/pack-text.ts';
import type { Sink } from './zip/sink.ts';
import { type ArchiveWriter, openArchiveWriter } from './zip/write-archive.ts';

/** An archive that is whole, and what is known of it. */
export type Written = {
  manifest: ReadManifest;
  entries: number;
  sha256: string;
  bytes: number;
  facts: Pick<NewState, 'manifestSha256' | 'stats' | 'databases'> & {
    /** Null where everything was read just now. */
    rehashedAtMs: number | null;
  };
  reused: ReusedWork;
};

const SQLITE_SIDECARS = ['', '-journal', '-wal', '-shm'];

/** How often sources are captured again of which files went meanwhile; what is seen then is taken as it is. */
const MOST_CAPTURES = 4;

/** What the archive holds but its manifest. */
export interface ArchivedData extends Pick<Gathered, 'databases' | 'otherLines' | 'unreadable'> {
  readonly writer: ArchiveWriter;
  readonly sources: readonly ManifestSource[];
  readonly written: WrittenEntries;
  /** Null where everything was read just now. */
  readonly rehashedAtMs: number | null;
}

/** So many files are named for one reason. */
const MOST_NOTES = 20;

/** Adds what is to be said of single files to the notes of their sources. */
const withNotes = (
  sources: readonly ManifestSource[],
  notes: readonly string[],
): ManifestSource[] =>
  sources.map((source) => {
    const own = notes.filter((note) => note.startsWith(`${source.name}/`));
    if (own.length === 0) return source;
    const more = own.length > MOST_NOTES ? [`${source.name}: ${own.length - MOST_NOTES} more`] : [];
    return { ...source, notes: [...(source.notes ?? []), ...own.slice(0, MOST_NOTES), ...more] };
  });

export const archiveData = async (
  job: BackupJob,
  sink: Sink,
  tempFolder: string,
  previous: PreviousWork,
): Promise<ArchivedData> => {
  const copies: string[] = [];
  try {
    const { files, ...gathered } = await gatherSources(job, tempFolder, copies, previous);
    checkEntryCount(job.dir, files.length, job.limits);
    const opened = await previous.opened;
    const writer = openArchiveWriter(sink);
    const written = nothingWritten();
    const options = { ...job, previous: opened };
    await writeEntries(writer, files, written, options);
    for (let captures = 1; written.gone.length > 0 && captures < MOST_CAPTURES; captures++) {
      const names = new Set(written.gone.map((path) => path.slice(0, path.indexOf('/'))));
      written.gone.length = 0;
      const more = await gathered.captureAgain(names, written.lines);
      checkEntryCount(job.dir, written.lines.length + more.length, job.limits);
      await writeEntries(writer, more, written, options);
    }
    const sources = withNotes(await gathered.sources(), written.notes);
    return { ...gathered, writer, sources, written, rehashedAtMs: opened?.rehashedAtMs ?? null };
  } finally {
    for (const copy of copies)
      for (const suffix of SQLITE_SIDECARS)
        await job.disk.rm(copy + suffix, { recursive: false, force: true });
  }
};

/** The text as it comes, read as a manifest: a dry run has no archive that could be opened. */
function* judged(job: BackupJob, text: Iterable<string>): Generator<string> {
  const reader = manifestReader(job.dir);
  for (const part of text) {
    reader.push(Buffer.from(part));
    yield part;
  }
  reader.finish();
}

export const finishArchive = async (job: BackupJob, data: ArchivedData): Promise<Written> => {
  const { databases, otherLines, rehashedAtMs, sources, unreadable, writer, written } = data;
  const { lines, bytes, stats, reused } = written;
  const incomplete = [...unreadable(), ...written.unreadable];
  const entries = lines.length;
  for (const line of otherLines()) lines.push(line);
  const manifest: ReadManifest = {
    format: FORMAT,
    tool: {
      ...job.tool,
      node: process.versions.node,
      zlib: process.versions.zlib,
      arch: process.arch,
    },
    service: job.service,
    env: job.env,
    release: job.release,
    migrations: [...job.migrations],
    tag: job.tag,
    complete: incomplete.length === 0,
    incomplete,
    contentRoot: contentRootOf(lines),
    totalBytes: bytes,
    sources: [...sources],
    entries: lines,
  };
  const isJudged = job.sink === 'null';
  const packed = await packText(
    isJudged ? judged(job, renderManifest(manifest)) : renderManifest(manifest),
  );
  checkManifestBytes(job.dir, packed.plainBytes, job.limits);
  const { body, sha256: manifestSha256, packedSha256: _, ...known } = packed;
  await writer.addKnown({ name: MANIFEST_NAME, ...known }, body);
  job.signal?.throwIfAborted();
  const facts = { manifestSha256, stats, databases, rehashedAtMs };
  return { manifest, entries, facts, reused, ...(await writer.finish()) };
};
