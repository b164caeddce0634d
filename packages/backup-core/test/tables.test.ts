import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FoundItem } from '../src/source/list-files.ts';
import { entryTable } from '../src/table/entry-table.ts';
import { fileTable } from '../src/table/file-table.ts';
import { foundTable } from '../src/table/found-table.ts';
import { lineTable } from '../src/table/line-table.ts';
import { DEFLATED, STORED } from '../src/zip/format.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
/** What a manifest's JSON may hold, though UTF-8 can't: `"\ud83c"`. */
const brokenText = fc.tuple(text, text).map(([before, after]) => `${before}\ud83c${after}`);
/** One character for each byte of a name on disk. */
const byteName = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 40,
});
const count = fc.maxSafeNat();
const sha256 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((b) => Buffer.from(b).toString('hex'));
const mode = fc.nat(0o777);
const mtime = fc.constantFrom(
  '2026-01-31T12:00:00.123456789Z',
  '-275760-01-01T00:00:00.000000000Z',
);
const name = fc.base64String({ minLength: 4 });

const fileLine = fc.record(
  {
    type: fc.constant('file' as const),
    path: fc.oneof(text, brokenText),
    size: count,
    sha256,
    mode,
    mtime,
    packedSha256: sha256,
    chunks: fc.array(fc.record({ sha256, packedBytes: count, packedSha256: sha256 }), {
      maxLength: 3,
    }),
    name,
  },
  { requiredKeys: ['type', 'path', 'size', 'sha256', 'mode', 'mtime'], noNullPrototype: true },
);
const otherLine = fc.oneof(
  fc.record(
    { type: fc.constant('link' as const), path: text, target: text, name },
    { requiredKeys: ['type', 'path', 'target'], noNullPrototype: true },
  ),
  fc.record(
    { type: fc.constant('dir' as const), path: fc.oneof(text, brokenText), mode, name },
    { requiredKeys: ['type', 'path', 'mode'], noNullPrototype: true },
  ),
);
const lines = fc.array(fc.oneof(fileLine, otherLine), { maxLength: 30 });

it('gives each line of a manifest back as it was', () => {
  fc.assert(
    fc.property(lines, (all) => {
      const table = lineTable(all);
      expect([...table]).toEqual(all);
      expect(table.length).toBe(all.length);
      for (const [row, line] of all.entries()) expect(table.at(row)).toEqual(line);
    }),
  );
});

it('sorts lines by the bytes of their paths', () => {
  fc.assert(
    fc.property(lines, (all) => {
      const table = lineTable(all);
      const paths = table.rowsByPath().map((row) => Buffer.from(table.at(row).path));
      expect(paths).toEqual([...paths].sort(Buffer.compare));
      expect(paths).toHaveLength(all.length);
    }),
  );
});

it('gives each entry of an archive back as it was', () => {
  const entry = fc.record(
    {
      name: text,
      method: fc.constantFrom(STORED, DEFLATED),
      descriptor: fc.boolean(),
      crc32: fc.nat(2 ** 32 - 1),
      packedBytes: count,
      plainBytes: count,
      offset: count,
      dataAt: count,
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 30 }), (all) => {
      const table = entryTable();
      for (const each of all) table.push(each);
      expect([...table]).toEqual(all);
      expect(table.length).toBe(all.length);
    }),
  );
});

it('gives what was found back, in the order of the bytes of its names', () => {
  const id = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const owner = { uid: id, gid: id };
  const found: fc.Arbitrary<FoundItem> = fc.oneof(
    fc.record(
      { type: fc.constant('file'), name: byteName, size: count },
      { noNullPrototype: true },
    ),
    fc.record(
      { type: fc.constant('link'), name: byteName, target: text, ...owner },
      { noNullPrototype: true },
    ),
    fc.record(
      { type: fc.constant('dir'), name: byteName, mode, ...owner },
      { noNullPrototype: true },
    ),
  );
  const all = fc.uniqueArray(found, { maxLength: 30, selector: ({ name: each }) => each });
  fc.assert(
    fc.property(all, (items) => {
      const table = foundTable();
      for (const item of items) table.push(item);
      table.sort();
      expect([...table]).toEqual([...items].sort((a, b) => (a.name < b.name ? -1 : 1)));
    }),
  );
});

it('gives files to archive back with what each place has in common, each place in order', () => {
  const file = fc.record(
    {
      stored: fc.record({ path: text, name }, { requiredKeys: ['path'], noNullPrototype: true }),
      name: byteName,
      size: count,
    },
    { noNullPrototype: true },
  );
  const place = fc.uniqueArray(file, { maxLength: 10, selector: ({ stored }) => stored.path });
  fc.assert(
    fc.property(fc.array(place, { maxLength: 4 }), (places) => {
      const table = fileTable();
      const expected: unknown[] = [];
      for (const [i, files] of places.entries()) {
        const origin = { diskPath: (path: string) => Buffer.from(`${i}/${path}`), owner: null };
        const first = table.length;
        for (const each of files) table.push(each, origin);
        table.sort(first);
        const inOrder = [...files].sort((a, b) =>
          Buffer.compare(Buffer.from(a.stored.path), Buffer.from(b.stored.path)),
        );
        for (const each of inOrder) expected.push({ ...origin, ...each });
      }
      expect([...table]).toEqual(expected);
    }),
  );
});
