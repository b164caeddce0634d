import { randomFillSync } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const PICTURES = 600;
const PICTURE_BYTES = 400_000;
const JSON_BYTES = 160_000_000;
const ROWS = 650_000;

/** Numbers that look random and are the same in every run. */
const randomNumbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed;
};

/** 600 incompressible files, a large JSON and a database in WAL mode: about 480 MB. */
export const makeBackupData = (folder: string): void => {
  mkdirSync(join(folder, 'images'), { recursive: true });
  mkdirSync(join(folder, 'catalog'));
  const picture = Buffer.alloc(PICTURE_BYTES);
  for (let i = 0; i < PICTURES; i++)
    writeFileSync(
      join(folder, 'images', `${String(i).padStart(4, '0')}.jpg`),
      randomFillSync(picture),
    );

  const next = randomNumbers(1);
  const words = ['card', 'token', 'tile', 'dice', 'board', 'meeple', 'forest', 'castle', 'river'];
  const json = join(folder, 'catalog', 'catalog.json');
  let id = 0;
  for (let written = 0; written < JSON_BYTES; ) {
    const lines: string[] = [];
    for (let i = 0; i < 10_000; i++) {
      const hash = next().toString(16).padStart(8, '0') + next().toString(16).padStart(8, '0');
      const word = words[next() % words.length];
      lines.push(
        JSON.stringify({
          id: id++,
          hash,
          kind: word,
          confidence: next() / 2 ** 32,
          label: `${word} ${next() % 1000}`,
          tags: [words[next() % 9], words[next() % 9]],
        }),
      );
    }
    const text = `${lines.join('\n')}\n`;
    appendFileSync(json, text);
    written += text.length;
  }

  const db = new DatabaseSync(join(folder, 'library.db'));
  db.exec(
    'PRAGMA journal_mode = WAL; CREATE TABLE hashes (id INTEGER PRIMARY KEY, hash TEXT, path TEXT, seen INTEGER)',
  );
  db.exec('CREATE INDEX by_hash ON hashes (hash); BEGIN');
  const insert = db.prepare('INSERT INTO hashes (hash, path, seen) VALUES (?, ?, ?)');
  for (let i = 0; i < ROWS; i++) {
    const hash = next().toString(16).padStart(8, '0') + next().toString(16).padStart(8, '0');
    insert.run(hash, `images/components/${words[next() % 9]}/${i % PICTURES}.jpg`, next());
  }
  db.exec('COMMIT');
  db.close();
};
