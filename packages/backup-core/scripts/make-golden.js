// @ts-check
// Makes the golden backup of this version, by its own createBackup, into test/golden (or the folder that is named), of
// data of each kind; URL leads to an empty PostgreSQL database, in which it makes a table:
//   npx node --conditions=@dhash/source packages/backup-core/scripts/make-golden.js URL [FOLDER]
// A released version's golden backup stays for ever; this refuses to replace one.
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createBackup, parsePostgresUrl } from '../src/index.ts';

const AT = new Date('2026-01-31T12:00:00Z');
const here = fileURLToPath(new URL('..', import.meta.url));
const { name, version } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
const [url = '', folder = join(here, 'test', 'golden')] = process.argv.slice(2);
const into = resolve(folder);
const reached = parsePostgresUrl(url);
if ('problem' in reached)
  throw new Error(
    `name an empty PostgreSQL database first: ${url === '' ? 'none is named' : `its address ${reached.problem}`}`,
  );

/** Bytes that do not pack, the same in every run. */
const noise = (/** @type {number} */ bytes) => {
  let state = 1;
  return Buffer.from({ length: bytes }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
};

const root = await mkdtemp(join(tmpdir(), 'golden-'));
try {
  const images = join(root, 'images');
  await mkdir(join(images, 'empty'), { recursive: true });
  /** @type {Record<string, string | Buffer>} */
  const files = {
    'a.json': 'text '.repeat(500),
    'noise.bin': noise(2000),
    nothing: '',
    '12:30.txt': 'not portable',
  };
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(images, file), content, { mode: 0o644 });
    await utimes(join(images, file), AT, AT);
  }
  await symlink('a.json', join(images, 'link'));
  const library = join(root, 'library.db');
  const db = new DatabaseSync(library);
  db.exec('CREATE TABLE hashes (id INTEGER PRIMARY KEY, hash TEXT)');
  db.exec("INSERT INTO hashes (hash) VALUES ('00ff'), ('ff00')");
  db.close();
  await utimes(library, AT, AT);
  execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1'], {
    env: { ...process.env, ...reached.env, PGDATABASE: reached.database },
    input: "CREATE TABLE orders (note text); INSERT INTO orders VALUES ('first'), ('second')",
  });
  const { file } = await createBackup({
    dir: join(root, 'backups'),
    root,
    service: 'dhash',
    env: 'golden',
    release: '1.0.0',
    migrations: ['001_first'],
    tag: version,
    sources: [
      { name: 'images', type: 'files', path: images },
      { name: 'library', type: 'sqlite', path: library },
      { name: 'orders', type: 'postgres', url },
      { name: 'cache', type: 'command', dump: 'echo cached', load: 'cat', folder: root },
    ],
    tool: { name, version },
    now: () => AT.getTime(),
  });
  for (const each of [file, `${file}.sha256`])
    await copyFile(each, join(into, basename(each)), constants.COPYFILE_EXCL);
  console.log(join(into, basename(file)));
} finally {
  await rm(root, { recursive: true });
}
