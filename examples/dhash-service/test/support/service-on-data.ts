import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { onTestFinished } from 'vitest';
import { decode } from '../../releases/1.0/decode.ts';
import { jsonLog, openService, parseSettings, type Release } from '../../src/index.ts';
import { plainQueue } from '../../src/low-confidence-queue.ts';
import { makeLibrary } from '../../src/pictures/make-library.ts';

export const exampleFolder = join(import.meta.dirname, '../..');
export const repository = join(exampleFolder, '../..');

/** 16 pictures: the last four are cut-outs with alpha. */
export const pictureCount = 16;

export const release10: Release = { version: '1.0', decode, openQueue: plainQueue };

export const migrationsOf = (version: string): string =>
  join(exampleFolder, 'releases', version, 'migrations');

/** Applies a release's migrations as files say, from the one named on. */
export const migrate = (file: string, version: string, from = '001'): void => {
  const db = new DatabaseSync(file);
  try {
    for (const name of readdirSync(migrationsOf(version)).sort())
      if (name.endsWith('.up.sql') && name >= from)
        db.exec(readFileSync(join(migrationsOf(version), name), 'utf8'));
  } finally {
    db.close();
  }
};

/** What the tests read of an answer of `POST /hash`. */
export interface HashAnswer {
  hash: string;
  nearest: { id: number; name: string; distance: number };
  confidence: number;
  queueId: number | null;
}

/** What the tests read of `GET /low-confidence`. */
export interface QueueAnswer {
  length: number;
  items: Record<string, unknown>[];
}

/** A data folder with pictures and a migrated, empty library. */
export const madeData = async (version: string): Promise<string> => {
  const base = await tempFolder();
  await makeLibrary(join(base, 'images'), pictureCount);
  migrate(join(base, 'library.db'), version);
  return base;
};

/** A service in this process on a data folder, its library filled. */
export const openedOn = async (base: string, release: Release, now: () => number = Date.now) => {
  const lines: Record<string, unknown>[] = [];
  const log = jsonLog((line) => lines.push(JSON.parse(line)), now, {});
  const service = await openService(release, parseSettings({}, base), log, now);
  onTestFinished(() => service.close());
  await service.filled;
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>) =>
    service.app.request(path, { method: 'POST', body });
  const get = async <T = unknown>(path: string) =>
    (await (await service.app.request(path)).json()) as T;
  const hash = async (bytes: Uint8Array<ArrayBuffer>) =>
    (await (await post('/hash', bytes)).json()) as HashAnswer;
  return { ...service, lines, post, get, hash };
};

/** The bytes of the nth picture of the made data by name. */
export const pictures = (base: string): { name: string; bytes: Uint8Array<ArrayBuffer> }[] =>
  readdirSync(join(base, 'images'))
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(base, 'images', name))) }));

const goldenFolder = join(exampleFolder, 'golden');

/** Expected hashes by file name. */
export const goldenHashes = (): Record<string, string> =>
  JSON.parse(readFileSync(join(goldenFolder, 'golden.json'), 'utf8'));

export const goldenPicture = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(goldenFolder, name)));
