import { expect, it } from 'vitest';
import type { ManifestEntry } from '../src/manifest.ts';
import { linesOf, onlyLineOf, shownManifest } from '../src/shown-manifest.ts';
import { lineTable } from '../src/table/line-table.ts';

const fileLine = (path: string, size: number): ManifestEntry => ({
  type: 'file',
  path,
  size,
  sha256: 'a'.repeat(64),
  mode: 0o644,
  mtime: '2026-01-31T12:00:00.123456789Z',
});
const lines = [
  fileLine('images/a.png', 1),
  fileLine('library/library.sqlite', 2),
  { type: 'dir', path: 'images/empty', mode: 0o755 } as const,
];

const show = () =>
  shownManifest({
    format: 1,
    tool: { name: 't', version: '1.0.0', node: '24', zlib: '1', arch: 'x64' },
    service: 'dhash',
    env: 'test',
    release: null,
    migrations: [],
    tag: null,
    complete: true,
    incomplete: [],
    contentRoot: 'b'.repeat(64),
    totalBytes: 3,
    sources: [],
    createdAt: '2026-01-31T12:00:00.000Z',
    entries: lineTable(lines),
  });

it('is a plain object to whoever prints, copies or compares it', () => {
  const manifest = show();
  expect(JSON.parse(JSON.stringify(manifest)).entries).toEqual(lines);
  expect({ ...manifest }.entries).toEqual(lines);
  expect(structuredClone(manifest).entries).toEqual(lines);
  expect(Object.keys(manifest)).toContain('entries');
});

it('has the same lines each time', () => {
  const manifest = show();
  expect(manifest.entries).toBe(manifest.entries);
});

it('is read without making objects of all lines', () => {
  const manifest = show();
  expect([...linesOf(manifest)]).toEqual(lines);
  expect(onlyLineOf(manifest, 'library')).toEqual(lines[1]);
  expect(onlyLineOf(manifest, 'lib')).toBeNull();
  expect(Array.isArray(linesOf(manifest))).toBe(false);
});

it('keeps to what its owner made of it', () => {
  const added = show();
  added.entries.push(fileLine('images/b.png', 4));
  expect([...linesOf(added)]).toHaveLength(4);
  const replaced = show();
  replaced.entries = [fileLine('library/other.sqlite', 5)];
  expect(onlyLineOf(replaced, 'library')).toMatchObject({ size: 5 });
  expect(replaced.entries).toHaveLength(1);
});

it('reads a manifest that came from elsewhere', () => {
  expect(linesOf({ entries: lines })).toBe(lines);
});
