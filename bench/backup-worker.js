/**
 * One measured piece of work of the benches: `backup-worker.js WORK DATA RESULT`. JavaScript, as what users run: taking
 * the types out of TypeScript would cost Node 60 ms and 15 MB at its start, and count as ours.
 */
import { createWriteStream, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { backupJob } from './backup-job.js';

const [, , work = '', data = '', result = ''] = process.argv;

/** @typedef {import('../packages/backup-core/dist/index.js').DataSource} DataSource */

/** @param {string} folder @returns {DataSource[]} */
const sourcesIn = (folder) => [
  { name: 'library', type: 'sqlite', path: join(folder, 'library.db') },
  { name: 'catalog', type: 'files', path: join(folder, 'catalog') },
  { name: 'images', type: 'files', path: join(folder, 'images') },
];

/** @param {string} folder */
const filesOf = (folder) => [
  'library.db',
  ...['catalog', 'images'].flatMap((sub) =>
    readdirSync(join(folder, sub)).map((name) => `${sub}/${name}`),
  ),
];

const ours = async () => import('../packages/backup-core/dist/index.js');

/** The backup that a measured process before this one made. @param {string} dir */
const newest = async (dir) => {
  const [first] = await (await ours()).listBackups(dir);
  if (first === undefined) throw new Error(`no backup in ${dir}`);
  return first.file;
};

/**
 * A program is measured with what it loads, and no other one's.
 *
 * @type {Record<string, () => Promise<unknown>>}
 */
const works = {
  backup: async () => (await ours()).createBackup(backupJob(result, sourcesIn(data))),
  verify: async () => (await ours()).verifyBackup(await newest(result)),
  restore: async () =>
    (await ours()).stageRestore(await newest(result), { id: 'bench', targets: sourcesIn(data) }),
  jszip: async () => {
    const { default: JSZip } = await import('jszip');
    const zip = new JSZip();
    for (const name of filesOf(data)) zip.file(name, readFileSync(join(data, name)));
    const options = /** @type {const} */ ({ type: 'nodebuffer', compression: 'DEFLATE' });
    writeFileSync(
      result,
      await zip.generateAsync({ ...options, compressionOptions: { level: 6 } }),
    );
  },
  yazl: async () => {
    const { ZipFile } = await import('yazl');
    const zip = new ZipFile();
    for (const name of filesOf(data)) zip.addFile(join(data, name), name);
    zip.end();
    await pipeline(zip.outputStream, createWriteStream(result));
  },
};

const run = works[work];
if (run === undefined) throw new Error(`unknown work: ${work}`);
await run();
