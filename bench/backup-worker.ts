/** One measured piece of work of bench/backup.ts. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import JSZip from 'jszip';
import {
  createBackup,
  type DataSource,
  discardWork,
  listBackups,
  stageRestore,
  verifyBackup,
} from '../packages/backup-core/dist/index.js';

const [, , work = '', data = '', file = ''] = process.argv;
const sources: DataSource[] = [
  { name: 'library', type: 'sqlite', path: join(data, 'library.db') },
  { name: 'catalog', type: 'files', path: join(data, 'catalog') },
  { name: 'images', type: 'files', path: join(data, 'images') },
];

/** The backup that the measured command before this one made. */
const newest = async (): Promise<string> => {
  const [first] = await listBackups(dirname(file));
  if (first === undefined) throw new Error(`no backup in ${dirname(file)}`);
  return first.file;
};

if (work === 'backup' || work === 'second')
  await createBackup({
    dir: dirname(file),
    root: dirname(file),
    service: 'bench',
    env: 'bench',
    release: null,
    migrations: [],
    sources,
    tool: { name: 'bench', version: '0' },
    // Later than the data, so that the second backup may trust what the first recorded of it.
    now: () => Date.now() + (work === 'second' ? 7_200_000 : 3_600_000),
  });
else if (work === 'verify') await verifyBackup(await newest());
else if (work === 'stage') {
  const { targets } = await stageRestore(await newest(), { id: 'bench', targets: sources });
  await discardWork(targets);
} else if (work === 'jszip') {
  const zip = new JSZip();
  zip.file('library.db', readFileSync(join(data, 'library.db')));
  for (const folder of ['catalog', 'images'])
    for (const name of readdirSync(join(data, folder)))
      zip.file(`${folder}/${name}`, readFileSync(join(data, folder, name)));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    await zip.generateAsync({
      type: 'nodebuffer',
      compression: 'DEFLATE',
      compressionOptions: { level: 6 },
    }),
  );
} else throw new Error(`unknown work: ${work}`);
