import { randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { ServiceError } from './errors.ts';
import { type HashIndex, hashIndex } from './nearest.ts';

/** An image of the library, as it is answered. */
export interface LibraryImage {
  readonly id: number;
  readonly name: string;
  readonly file: string;
  readonly hash: string;
}

/** The known images: their files in a folder, their hashes in the database and in memory. */
export interface Library {
  readonly index: HashIndex;
  readonly imagesFolder: string;
  count(): number;
  /** Records an image whose file is in the folder already. @throws ServiceError `name-taken` */
  record(image: { name: string; file: string; hash: string }, atMs: number): LibraryImage;
  /** Writes the file, then records it. @throws ServiceError `name-taken` */
  store(
    image: { name: string; file: string; hash: string },
    bytes: Uint8Array,
    atMs: number,
  ): Promise<LibraryImage>;
  /** A further hash under which an image is recognised. @returns false where there is no such image */
  addAlias(imageId: number, hash: string, atMs: number): boolean;
  /** A file of the library, to see that files can be read; `undefined`: the library is empty. */
  anyFile(): string | undefined;
}

/** Reads the whole index into memory. Throws what SQLite says where the schema is not there. */
export const openLibrary = (db: DatabaseSync, imagesFolder: string): Library => {
  const insert = db.prepare(
    'INSERT INTO library (name, file, hash, added_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const nameOf = db.prepare('SELECT name FROM library WHERE id = ?');
  const alias = db.prepare(
    'INSERT INTO alias (image_id, hash, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const count = db.prepare('SELECT count(*) AS images FROM library');
  const anyFile = db.prepare('SELECT file FROM library ORDER BY id DESC LIMIT 1');
  const index = hashIndex();
  const known = db.prepare(
    `SELECT id, name, hash FROM library
     UNION ALL SELECT image_id, name, alias.hash FROM alias JOIN library ON library.id = image_id`,
  );
  for (const row of known.all()) index.add(row as { id: number; name: string; hash: string });

  const record: Library['record'] = ({ name, file, hash }, atMs) => {
    const { changes, lastInsertRowid } = insert.run(name, file, hash, new Date(atMs).toISOString());
    if (changes === 0)
      throw new ServiceError(
        'name-taken',
        `the library has an image named ${name}; choose another name`,
      );
    const image = { id: Number(lastInsertRowid), name, file, hash };
    index.add(image);
    return image;
  };
  return {
    index,
    imagesFolder,
    record,
    count: () => (count.get() as { images: number }).images,
    anyFile: () => (anyFile.get() as { file: string } | undefined)?.file,
    store: async (image, bytes, atMs) => {
      const file = join(imagesFolder, image.file);
      const beside = join(imagesFolder, `${image.file}.${randomUUID()}.part`);
      const taken = (cause: unknown) =>
        new ServiceError(
          'name-taken',
          `the library has a file ${image.file}; choose another name`,
          {
            cause,
          },
        );
      try {
        await writeFile(beside, bytes, { flag: 'wx' });
        // A link, not a rename: it never replaces a file, and the file is whole when it appears.
        await link(beside, file).catch((error: NodeJS.ErrnoException) => {
          throw error.code === 'EEXIST' ? taken(error) : error;
        });
        try {
          return record(image, atMs);
        } catch (error) {
          await rm(file, { force: true });
          throw error;
        }
      } finally {
        await rm(beside, { force: true });
      }
    },
    addAlias: (imageId, hash, atMs) => {
      const image = nameOf.get(imageId) as { name: string } | undefined;
      if (image === undefined) return false;
      alias.run(imageId, hash, new Date(atMs).toISOString());
      index.add({ id: imageId, name: image.name, hash });
      return true;
    },
  };
};
