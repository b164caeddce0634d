import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ManifestEntry, StoredManifest } from '../src/manifest.ts';
import { manifestReader } from '../src/read-manifest.ts';
import { renderManifest } from '../src/render-manifest.ts';

const SHA256 = 'a'.repeat(64);

const read = (text: string, cuts: readonly number[] = []): StoredManifest => {
  const bytes = Buffer.from(text);
  const reader = manifestReader('x.zip');
  let from = 0;
  for (const to of [...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]) {
    // Overwritten afterwards, as the reader of an archive does.
    const part = Buffer.from(bytes.subarray(from, to));
    reader.push(part);
    part.fill(0);
    from = to;
  }
  const { entries, ...frame } = reader.finish();
  return { ...frame, entries: [...entries] };
};

const manifestOf = (entries: ManifestEntry[], service = 'shop'): StoredManifest => ({
  format: 1,
  tool: { name: 't', version: '1', node: '24', zlib: '1', arch: 'x64' },
  service,
  env: 'production',
  release: null,
  migrations: ['"entries": [', ']}'],
  tag: null,
  complete: true,
  incomplete: [],
  contentRoot: SHA256,
  totalBytes: 0,
  sources: [{ name: 'a', type: 'files', include: ['{', '"', '\\'] }],
  entries,
});

const text = fc.string({
  unit: fc.constantFrom('a', 'ü', '"', '\\', '{', '}', '[', ']', '\n', '😀'),
});
const entry: fc.Arbitrary<ManifestEntry> = fc.oneof(
  text.map((path): ManifestEntry => ({ type: 'dir', path, mode: 0o755 })),
  fc.tuple(text, text).map(([path, target]): ManifestEntry => ({ type: 'link', path, target })),
  fc.tuple(text, fc.nat()).map(
    ([path, size]): ManifestEntry => ({
      type: 'file',
      path,
      size,
      sha256: SHA256,
      mode: 0o644,
      mtime: '2026-01-31T12:00:00.000000000Z',
      chunks: [{ sha256: SHA256, packedBytes: 1, packedSha256: SHA256 }],
    }),
  ),
);

it('reads what was rendered, wherever it is cut into parts, indented or not', () => {
  fc.assert(
    fc.property(fc.array(entry), text, fc.array(fc.nat()), (entries, service, cuts) => {
      const manifest = manifestOf(entries, service);
      expect(read([...renderManifest(manifest)].join(''), cuts)).toEqual(manifest);
      expect(read(JSON.stringify(manifest), cuts)).toEqual(manifest);
    }),
  );
});

const dir = '{"type":"dir","path":"a/b","mode":493}';
const frame = JSON.stringify(manifestOf([]));
const withEntries = (list: string): string => frame.replace('"entries":[]', `"entries":${list}`);

it('takes the text that the damaged ones below are made of', () => {
  expect(read(withEntries(`[${dir} , ${dir}]`)).entries).toHaveLength(2);
});

it.each([
  ['entries without a comma', `[${dir} ${dir}]`, 'is not JSON'],
  ['a comma too many', `[${dir},]`, 'is not JSON'],
  ['a character before an entry', `[1${dir}]`, 'is not JSON'],
  ['a character behind an entry', `[${dir}.0]`, 'is not JSON'],
  ['an entry with another bracket', `[{"type":"dir","path":"a","mode":1]]`, 'is not JSON'],
  ['an entry that is none', '[{type:1}]', 'is not JSON'],
  ['an entry that never ends', '[{"type":"dir"', 'is not JSON'],
  ['null for an entry', `[${dir},null]`, 'entries: expected one array of objects'],
  ['a number for an entry', '[1]', 'entries: expected one array of objects'],
  ['a list in the list', `[[${dir}]]`, 'entries: expected one array of objects'],
  ['an object for the list', '{}', 'entries: expected one array of objects'],
  ['two lists', `[${dir}],"entries":[]`, 'entries: expected one array of objects'],
  ['two lists as long', `[${dir}],"entries":[null]`, 'entries: expected one array of objects'],
  ['a list under an escaped key too', `[${dir}],"entri\\u0065s":[null]`, 'expected one array'],
  ['an entry of an unknown type', `[${dir},{"type":"pipe"}]`, 'entries.1.type'],
  ['a field of another type', `[${dir},{"type":"dir","path":1,"mode":1}]`, 'entries.1.path'],
])('refuses %s', (_, list, says) => {
  expect(() => read(withEntries(list))).toThrow(
    expect.objectContaining({ code: 'bad-manifest', message: expect.stringContaining(says) }),
  );
});

it.each(['', 'null', '[]', '{}', '{"format":2,"entries":[{"other":1}]}'])(
  'says that %j is no manifest of its format',
  (whole) => {
    expect(() => read(whole)).toThrow(/is not JSON|is of format/);
  },
);

it('names the first five problems of very many', () => {
  const many = Array.from({ length: 1000 }, () => '{"type":"dir","mode":1}').join(',');
  expect(() => read(withEntries(`[${many}]`))).toThrow(/entries\.0\.path.*entries\.4\.path[^;]*$/);
});
