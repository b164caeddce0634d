import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** Plain files below a folder, as paths with `/`, sorted. @param {string} folder */
export const filesBelow = async (folder) => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
};

/** @param {string} file */
const sha256Of = async (file) => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/**
 * Writes SHA256SUMS into the bundle (`sha256sum -c SHA256SUMS` works there) and everything into one zip.
 *
 * @param {string} bundle absolute folder
 * @param {string} zip absolute file
 * @returns {Promise<{ files: number, sha256: string }>} of the zip
 */
export const packBundle = async (bundle, zip) => {
  const listed = (await filesBelow(bundle)).filter((file) => file !== 'SHA256SUMS');
  let sums = '';
  for (const file of listed) sums += `${await sha256Of(join(bundle, file))}  ${file}\n`;
  await writeFile(join(bundle, 'SHA256SUMS'), sums);
  const packed = new ZipFile();
  for (const file of [...listed, 'SHA256SUMS']) packed.addFile(join(bundle, file), file);
  packed.end();
  await pipeline(packed.outputStream, createWriteStream(zip));
  return { files: listed.length, sha256: await sha256Of(zip) };
};
