import { createHash } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import JSZip from 'jszip';
import { MANIFEST_NAME, type Manifest } from '../../src/manifest.ts';
import { fileSink } from '../../src/zip/sink.ts';
import { openArchiveWriter } from '../../src/zip/write-archive.ts';

export type ChangeableManifest = Omit<Manifest, 'createdAt'>;

/** What a forger can change of a genuine backup. */
export interface Contents {
  files: Map<string, Buffer>;
  manifest: ChangeableManifest;
}

/** Sidecar for a file as it is now. */
export const writeSidecar = async (file: string): Promise<void> => {
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  await writeFile(`${file}.sha256`, `${sha256}  backups/${basename(file)}\n`);
};

/** Takes a genuine backup apart, lets it be changed, and puts it together with a sidecar that matches. */
export const rebuild = async (
  file: string,
  change: (contents: Contents) => void,
): Promise<void> => {
  const zip = await JSZip.loadAsync(await readFile(file));
  const files = new Map<string, Buffer>();
  for (const [name, entry] of Object.entries(zip.files))
    if (!entry.dir) files.set(name, await entry.async('nodebuffer'));
  const text = files.get(MANIFEST_NAME)?.toString('utf8') ?? '';
  files.delete(MANIFEST_NAME);
  const contents: Contents = { files, manifest: JSON.parse(text) as ChangeableManifest };
  change(contents);
  files.set(MANIFEST_NAME, Buffer.from(JSON.stringify(contents.manifest)));
  const handle = await open(file, 'w');
  const writer = openArchiveWriter(fileSink(handle));
  for (const [name, plain] of files) {
    const size = { plainBytes: plain.length, packedBytes: plain.length };
    await writer.addKnown({ name, method: 0, crc32: crc32(plain), ...size }, [plain]);
  }
  await writer.finish();
  await handle.close();
  await writeSidecar(file);
};
