import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytewise, type ManifestEntry, type StoredManifest } from '../src/manifest.ts';
import { renderManifest } from '../src/render-manifest.ts';
import { packBuffer } from '../src/zip/pack-buffer.ts';
import { packText } from '../src/zip/pack-text.ts';

const SHA256 = 'a'.repeat(64);

const manifestOf = (entries: ManifestEntry[], incomplete: string[] = []): StoredManifest => ({
  tool: { zlib: '1', node: '24', version: '1', name: 't', arch: 'x64' },
  format: 1,
  service: 'shop',
  env: 'production',
  release: null,
  migrations: [],
  tag: null,
  complete: incomplete.length === 0,
  incomplete,
  contentRoot: SHA256,
  totalBytes: 0,
  sources: [{ type: 'files', name: 'a', folderModes: { z: 0o700, b: 0o750 } }],
  entries,
});

const file: ManifestEntry = {
  type: 'file',
  path: 'a/b',
  size: 3,
  sha256: SHA256,
  mtime: '2026-01-31T12:00:00.000000000Z',
  mode: 0o644,
  chunks: [{ sha256: SHA256, packedBytes: 3, packedSha256: SHA256 }],
};

const sortKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

it.each([
  { what: 'no line', manifest: manifestOf([]) },
  { what: 'one line', manifest: manifestOf([file]) },
  {
    what: 'lines of each type',
    manifest: manifestOf([
      file,
      { type: 'link', path: 'a/l', target: 'b\n  "x' },
      { type: 'dir', path: 'a/d', mode: 0o755, name: 'eA==' },
    ]),
  },
  {
    what: 'texts that look like its frame',
    manifest: manifestOf([file], ['\n "entries": []', '"entries": []']),
  },
])('renders line by line what JSON makes of the whole: $what', ({ manifest }) => {
  expect([...renderManifest(manifest)].join('')).toBe(`${JSON.stringify(manifest, sortKeys, 1)}\n`);
});

it.each([0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 21, 3 * 2 ** 20 + 5])(
  'packs a text of %d bytes in parts as it does in one piece',
  async (bytes) => {
    const parts: string[] = [];
    for (let i = 0, left = bytes; left > 0; i++) {
      const part = `${i} of many parts, `.slice(0, left);
      parts.push(part);
      left -= part.length;
    }
    const whole = await packBuffer(Buffer.from(parts.join('')));
    const { body, ...facts } = await packText(parts);
    expect(Buffer.concat(body).equals(Buffer.concat(whole.body))).toBe(true);
    expect(facts).toEqual({ ...whole, body: undefined });
  },
);

it('orders texts as their bytes in UTF-8', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(bytewise(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    {
      examples: [
        ['\u{10000}', '\uffff'],
        ['a', 'ab'],
        ['\ue000', '\u{1f600}'],
      ],
    },
  );
});
