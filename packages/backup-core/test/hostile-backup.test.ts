import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { afterAll, expect, it } from 'vitest';
import { stageRestore, verifyBackup } from '../src/index.ts';
import { contentRootOf, filesOf, type ManifestFile } from '../src/manifest.ts';
import { lineTable } from '../src/table/line-table.ts';
import { type Contents, rebuild } from './support/rebuild.ts';
import { backUpSample, makeSample } from './support/sample.ts';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const fileLine = (path: string, bytes: Buffer, name?: Buffer): ManifestFile => ({
  type: 'file',
  path,
  size: bytes.length,
  sha256: sha256(bytes),
  mode: 0o644,
  mtime: '2026-01-31T12:00:00.000000000Z',
  ...(name === undefined ? {} : { name: name.toString('base64') }),
});

/** Adds a file with everything made to match: entry, line, total and content root. */
const plant = ({ files, manifest }: Contents, path: string, name?: Buffer): void => {
  const bytes = Buffer.from('planted');
  files.set(path, bytes);
  manifest.entries.push(fileLine(path, bytes, name));
  settle({ files, manifest });
};

const settle = ({ manifest }: Contents): void => {
  manifest.totalBytes = [...filesOf(manifest)].reduce((sum, { size }) => sum + size, 0);
  manifest.contentRoot = contentRootOf(lineTable(manifest.entries));
};

const escaped = (name: Buffer) => `images/~n/${sha256(name)}`;

const firstFile = ({ manifest }: Contents): ManifestFile => {
  const [line] = filesOf(manifest);
  if (line === undefined) throw new Error('the sample has files');
  return line;
};

const cases: { what: string; change: (contents: Contents) => void; says: string; rule?: number }[] =
  [
    {
      what: 'a path out of the archive',
      change: (c) => plant(c, '../evil'),
      says: '".."',
      rule: 9,
    },
    {
      what: 'a path out, deeper',
      change: (c) => plant(c, 'images/../../evil'),
      says: '".."',
      rule: 9,
    },
    { what: 'an absolute path', change: (c) => plant(c, '/etc/passwd'), says: 'absolute', rule: 9 },
    { what: 'a drive letter', change: (c) => plant(c, 'c:/evil'), says: 'drive letter', rule: 9 },
    { what: 'a backslash', change: (c) => plant(c, 'images\\evil'), says: 'backslash', rule: 9 },
    { what: 'a NUL', change: (c) => plant(c, 'images/a\0b'), says: 'NUL', rule: 9 },
    { what: 'a newline', change: (c) => plant(c, 'images/a\nb'), says: 'control', rule: 9 },
    {
      what: 'a right-to-left override',
      change: (c) => plant(c, 'images/a\u202egnp'),
      says: 'direction',
      rule: 9,
    },
    { what: 'a name in NFD', change: (c) => plant(c, 'images/e\u0301'), says: 'form C', rule: 9 },
    {
      what: 'a trailing dot',
      change: (c) => plant(c, 'images/a.'),
      says: 'dot or a space',
      rule: 9,
    },
    {
      what: 'a Windows device',
      change: (c) => plant(c, 'images/nul.txt'),
      says: 'device',
      rule: 9,
    },
    {
      what: 'an empty component',
      change: (c) => plant(c, 'images//a'),
      says: 'empty component',
      rule: 9,
    },
    {
      what: 'a component of 256 bytes',
      change: (c) => plant(c, `images/${'a'.repeat(256)}`),
      says: '255',
      rule: 9,
    },
    {
      what: 'a path of 1025 bytes',
      change: (c) => plant(c, `images/${'abc/'.repeat(254)}ab`),
      says: '1024',
      rule: 9,
    },
    {
      what: '33 levels',
      change: (c) => plant(c, `images/${'a/'.repeat(31)}a`),
      says: 'deeper',
      rule: 9,
    },
    {
      what: 'a name that differs in case',
      change: (c) => plant(c, 'images/NOTHING'),
      says: 'same file',
      rule: 9,
    },
    {
      what: 'a name that differs by sharp s',
      change: (c) => {
        plant(c, 'images/STRASSE');
        plant(c, 'images/straße');
      },
      says: 'same file',
      rule: 9,
    },
    {
      what: 'a file in a file',
      change: (c) => plant(c, 'images/nothing/x'),
      says: 'no folder',
      rule: 9,
    },
    {
      what: 'a file for no source',
      change: (c) => plant(c, 'other/x'),
      says: 'no source',
      rule: 13,
    },
    {
      what: 'a second file for a database',
      change: (c) => plant(c, 'library/library.db-wal'),
      says: '2 files for',
      rule: 13,
    },
    {
      what: 'an entry without a line',
      change: (c) => c.files.set('images/extra', Buffer.from('x')),
      says: 'no line',
      rule: 13,
    },
    {
      what: 'a line without an entry',
      change: (c) => {
        c.files.delete('images/nothing');
      },
      says: 'has it not',
      rule: 13,
    },
    {
      what: 'another size',
      change: (c) => {
        firstFile(c).size += 1;
        settle(c);
      },
      says: 'by the manifest',
      rule: 13,
    },
    {
      what: 'another SHA-256',
      change: (c) => {
        firstFile(c).sha256 = '0'.repeat(64);
        settle(c);
      },
      says: 'SHA-256',
      rule: 11,
    },
    {
      what: 'another total',
      change: (c) => {
        c.manifest.totalBytes += 1;
      },
      says: 'by the manifest',
      rule: 12,
    },
    {
      what: 'another content root',
      change: (c) => {
        c.manifest.contentRoot = '0'.repeat(64);
      },
      says: 'content root',
      rule: 13,
    },
    {
      what: 'a line twice',
      change: (c) => {
        c.manifest.entries.push(firstFile(c));
      },
      says: 'twice',
      rule: 13,
    },
    {
      what: 'lines in another order',
      change: (c) => {
        c.manifest.entries.reverse();
      },
      says: 'another order',
      rule: 13,
    },
    {
      what: 'a source twice',
      change: (c) => {
        c.manifest.sources.push(...c.manifest.sources);
      },
      says: 'source twice',
      rule: 13,
    },
    {
      what: 'a link out',
      change: (c) => {
        c.manifest.entries.push({ type: 'link', path: 'images/out', target: '../secret' });
      },
      says: 'points out',
      rule: 13,
    },
    {
      what: 'an absolute link',
      change: (c) => {
        c.manifest.entries.push({ type: 'link', path: 'images/out', target: '/etc' });
      },
      says: 'absolute',
      rule: 13,
    },
    {
      what: 'a link up behind a name',
      change: (c) => {
        c.manifest.entries.push({ type: 'link', path: 'images/out', target: 'cards/../../x' });
      },
      says: '".." behind',
      rule: 13,
    },
    {
      what: 'a file through a link',
      change: (c) => {
        c.manifest.entries.push({ type: 'link', path: 'images/sub', target: 'cards' });
        plant(c, 'images/sub/x');
      },
      says: 'folder',
      rule: 13,
    },
    {
      what: 'a true name out',
      change: (c) => {
        const name = Buffer.from('../evil');
        plant(c, escaped(name), name);
      },
      says: 'component',
      rule: 13,
    },
    {
      what: 'an absolute true name',
      change: (c) => {
        const name = Buffer.from('/evil');
        plant(c, escaped(name), name);
      },
      says: 'absolute',
      rule: 13,
    },
    {
      what: 'a true name with NUL',
      change: (c) => {
        const name = Buffer.from('a\0');
        plant(c, escaped(name), name);
      },
      says: 'NUL',
      rule: 13,
    },
    {
      what: 'a true name of another file',
      change: (c) => {
        const name = Buffer.from('nothing');
        plant(c, escaped(name), name);
      },
      says: 'twice',
      rule: 13,
    },
    {
      what: 'a true name that is not its own',
      change: (c) => plant(c, escaped(Buffer.from('a:')), Buffer.from('b:')),
      says: 'does not belong',
      rule: 13,
    },
    {
      what: 'no true name',
      change: (c) => plant(c, escaped(Buffer.from('a:'))),
      says: 'missing',
      rule: 13,
    },
    {
      what: 'a name of a file that is not the same',
      change: (c) => {
        firstFile(c).sameAs = 'images/nothing';
      },
      says: 'not the same',
      rule: 13,
    },
    {
      what: 'a name of a file of another source',
      change: (c) => {
        firstFile(c).sameAs = 'library/library.db';
      },
      says: 'not the same',
      rule: 13,
    },
    {
      what: 'a folder outside',
      change: (c) => {
        const [source] = c.manifest.sources;
        if (source !== undefined)
          source.folders = [{ name: Buffer.from('../x').toString('base64'), mode: 0o777 }];
      },
      says: 'a folder of "images"',
      rule: 13,
    },
    {
      what: 'the mode of a folder outside',
      change: (c) => {
        const [source] = c.manifest.sources;
        if (source !== undefined) source.folderModes = { 'a/../../x': 0o777 };
      },
      says: 'a folder of "images"',
      rule: 13,
    },
    {
      what: 'a mode of more bits than there are',
      change: (c) => {
        firstFile(c).mode = 0o14755;
      },
      says: 'mode',
    },
    {
      what: 'an unknown format',
      change: (c) => {
        (c.manifest as { format: number }).format = 2;
      },
      says: 'format 2',
    },
    {
      what: 'no complete backup',
      change: (c) => {
        c.manifest.complete = false;
        c.manifest.incomplete = ['x'];
      },
      says: 'lacks',
    },
    {
      what: 'a missing database',
      change: (c) => {
        c.files.delete('library/library.db');
        c.manifest.entries = c.manifest.entries.filter(({ path }) => path !== 'library/library.db');
        settle(c);
      },
      says: '0 files for the database',
      rule: 13,
    },
    {
      what: 'a damaged database',
      change: (c) => {
        const db = c.files.get('library/library.db');
        const line = [...filesOf(c.manifest)].find(({ path }) => path === 'library/library.db');
        if (db === undefined || line === undefined) throw new Error('the sample has a database');
        db.fill(7, 4096, 5000);
        line.sha256 = sha256(db);
        settle(c);
      },
      says: 'SQLite',
    },
  ];

let refused = 0;

it.each(cases)(
  'refuses $what, though manifest and sidecar match',
  async ({ change, says, rule }) => {
    const sample = await makeSample(await tempFolder());
    const { file } = await backUpSample(sample);
    await rebuild(file, change);
    const live = join(sample.root, 'live');
    const before = await readdir(live);
    await expect(stageRestore(file, { id: 'a', targets: sample.sources })).rejects.toMatchObject({
      name: 'BackupError',
      message: expect.stringContaining(says),
      ...(rule === undefined ? {} : { rule }),
    });
    expect(await readdir(live)).toEqual(before);
    refused += 1;
  },
);

afterAll(() => {
  console.log(`corpus of forged backups: ${refused} of ${cases.length} refused`);
});

it('takes a backup that was rebuilt without a change', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  await rebuild(file, () => undefined);
  await verifyBackup(file);
});
