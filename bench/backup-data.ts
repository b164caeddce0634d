import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const PICTURES = 600;
const PICTURE_BYTES = 400_000;
const JSON_BYTES = 160_000_000;
const ROWS = 650_000;

type Numbers = () => number;

/** Numbers of 32 bits that look random and are the same in every run. */
const randomNumbers =
  (seed: number): Numbers =>
  () => {
    // xorshift32 (Marsaglia, 2003): of a linear generator the low bits repeat, and deflate finds that.
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return seed >>> 0;
  };

const WORDS = ['card', 'token', 'tile', 'dice', 'board', 'meeple', 'forest', 'castle', 'river'];
const word = (next: Numbers): string => WORDS[next() % WORDS.length] ?? '';
const hash = (next: Numbers): string =>
  next().toString(16).padStart(8, '0') + next().toString(16).padStart(8, '0');

const writePicture = (folder: string, index: number, next: Numbers): void => {
  const pixels = Uint32Array.from({ length: PICTURE_BYTES / 4 }, next);
  const file = join(folder, 'images', `${String(index).padStart(4, '0')}.jpg`);
  writeFileSync(file, Buffer.from(pixels.buffer));
};

const appendJson = (folder: string, bytes: number, next: Numbers): void => {
  const file = join(folder, 'catalog', 'catalog.json');
  for (let written = 0; written < bytes; ) {
    const lines = Array.from({ length: 2000 }, () =>
      JSON.stringify({
        hash: hash(next),
        kind: word(next),
        confidence: next() / 2 ** 32,
        label: `${word(next)} ${next() % 1000}`,
        tags: [word(next), word(next)],
      }),
    );
    const text = `${lines.join('\n')}\n`;
    appendFileSync(file, text);
    written += text.length;
  }
};

/** 600 incompressible files, a large JSON and a database in WAL mode: about 480 MB. */
export const makeBackupData = (folder: string): void => {
  mkdirSync(join(folder, 'images'), { recursive: true });
  mkdirSync(join(folder, 'catalog'));
  const next = randomNumbers(1);
  for (let i = 0; i < PICTURES; i++) writePicture(folder, i, next);
  appendJson(folder, JSON_BYTES, next);

  const db = new DatabaseSync(join(folder, 'library.db'));
  db.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE hashes (id INTEGER PRIMARY KEY, hash TEXT, path TEXT, seen INTEGER)',
  );
  db.exec('CREATE INDEX by_hash ON hashes (hash); BEGIN');
  const insert = db.prepare('INSERT INTO hashes (hash, path, seen) VALUES (?, ?, ?)');
  for (let i = 0; i < ROWS; i++)
    insert.run(hash(next), `images/components/${word(next)}/${i % PICTURES}.jpg`, next());
  db.exec('COMMIT');
  db.close();
};

/**
 * Changes 1 % of each kind: 6 pictures are replaced, the JSON grows by 1.6 MB, and 6,500 rows that lie
 * together are updated. Another `round` changes others.
 */
export const changeBackupData = (folder: string, round: number): void => {
  const next = randomNumbers(1000 + round);
  for (let i = 0; i < PICTURES / 100; i++)
    writePicture(folder, (round * 97 + i * 100) % PICTURES, next);
  appendJson(folder, JSON_BYTES / 100, next);
  const db = new DatabaseSync(join(folder, 'library.db'));
  const first = ((round * 7 + 3) % 100) * (ROWS / 100);
  db.exec(
    `UPDATE hashes SET seen = seen + 1 WHERE id > ${first} AND id <= ${first + ROWS / 100}; PRAGMA wal_checkpoint(TRUNCATE)`,
  );
  db.close();
};
