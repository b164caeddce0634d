import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesProject } from './files-project.ts';
import { flipData, patch, rename } from './zip-patch.ts';

const at = '2026-03-01T12:00:00Z';
const NAME = 'files/0.txt';

const renamed = (to: string) => (zip: Buffer) => {
  rename(zip, NAME, to);
  return zip;
};

/** One of each class that must be refused, made from a genuine backup; its sidecar is made to match. */
const cases: { what: string; spoil: (zip: Buffer) => Buffer; says: RegExp }[] = [
  { what: 'a path out', spoil: renamed('../../0.txt'), says: /"\.\."/ },
  { what: 'an absolute path', spoil: renamed('/iles/0.txt'), says: /absolute/ },
  { what: 'a drive letter', spoil: renamed('c:les/0.txt'), says: /drive letter/ },
  { what: 'a backslash', spoil: renamed('files\\0.txt'), says: /backslash/ },
  { what: 'NUL in a name', spoil: renamed('files/0\0txt'), says: /NUL|control/ },
  { what: 'a control character', spoil: renamed('files/\x1b.txt'), says: /control/ },
  { what: 'a name twice', spoil: renamed('files/1.txt'), says: /twice/ },
  { what: 'names that differ in case', spoil: renamed('files/1.TXT'), says: /same file/ },
  { what: 'an entry of no line', spoil: renamed('files/z.txt'), says: /manifest/ },
  {
    what: 'overlapping entries',
    spoil: (zip) => {
      patch(zip, 'files/1.txt', 'localAt', () => 0);
      return zip;
    },
    says: /local header has another/,
  },
  {
    what: 'more data than announced',
    spoil: (zip) => {
      patch(zip, NAME, 'plainBytes', (size) => size - 1);
      return zip;
    },
    says: /999 bytes, 1000 by the manifest/,
  },
  {
    what: 'headers that differ',
    spoil: (zip) => {
      patch(zip, NAME, 'crc', (crc) => crc + 1, 'local');
      return zip;
    },
    says: /another CRC/,
  },
  {
    what: 'a wrong CRC',
    spoil: (zip) => {
      patch(zip, NAME, 'crc', (crc) => crc + 1);
      return zip;
    },
    says: /CRC-32/,
  },
  {
    what: 'damaged data',
    spoil: (zip) => {
      flipData(zip, NAME);
      return zip;
    },
    says: /files\/0\.txt/,
  },
  {
    what: 'an encrypted entry',
    spoil: (zip) => {
      patch(zip, NAME, 'flags', (flags) => flags | 1);
      return zip;
    },
    says: /encrypted/,
  },
  {
    what: 'an unknown method',
    spoil: (zip) => {
      patch(zip, NAME, 'method', () => 12);
      return zip;
    },
    says: /method is 12/,
  },
  { what: 'a cut end', spoil: (zip) => zip.subarray(0, -7), says: /cut off/ },
  {
    what: 'data behind',
    spoil: (zip) => Buffer.concat([zip, Buffer.from('x')]),
    says: /byte behind its end/,
  },
  {
    what: 'data in front',
    spoil: (zip) => Buffer.concat([Buffer.from('#!/bin/sh\n'), zip]),
    says: /its directory ends at/,
  },
];

const messages = new Set<string>();

it.each(cases)('backup --verify refuses $what', async ({ spoil, says }) => {
  const project = await filesProject();
  const name = await project.backUp(at);
  const file = join(project.backups, name);
  const zip = spoil(await readFile(file));
  await writeFile(file, zip);
  const sha256 = createHash('sha256').update(zip).digest('hex');
  await writeFile(`${file}.sha256`, `${sha256}  backups/${name}\n`);
  const before = (await readdir(project.root, { recursive: true })).sort();
  const { exit, out, err } = await project.run(at, 'backup', '--verify', `backups/${name}`);
  expect({ exit, out }).toEqual({ exit: 8, out: '' });
  expect(err).toMatch(says);
  // One line, and no stack trace.
  expect(err).toMatch(/^error: [^\n]+\n$/);
  expect((await readdir(project.root, { recursive: true })).sort()).toEqual(before);
  messages.add(err.replaceAll(file, 'FILE'));
});

it('each has a message of its own', () => {
  expect(messages.size).toBe(cases.length);
});

afterAll(() => {
  console.log(`bad archives through the command line: ${messages.size} of ${cases.length} refused`);
});
