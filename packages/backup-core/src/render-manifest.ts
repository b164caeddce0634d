import type { ManifestEntry, StoredManifest } from './manifest.ts';

const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const keys = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(keys.map(([key, each]) => [key, sorted(each)]));
};

const render = (value: StoredManifest | ManifestEntry): string =>
  JSON.stringify(sorted(value), undefined, 1);

/** In a text with one space of indent, no other key is found there, and no string holds a line's end. */
const NO_ENTRIES = '\n "entries": []';

/**
 * The text of a manifest, line of the data by line: keys sorted, one space of indent (people read it), newline at
 * the end, so that the same content gives the same bytes. It is never whole in memory, since it may be large.
 */
export function* renderManifest(manifest: StoredManifest): Generator<string> {
  const frame = render({ ...manifest, entries: [] });
  const at = frame.indexOf(NO_ENTRIES) + NO_ENTRIES.length - 1;
  yield frame.slice(0, at);
  let isFirst = true;
  for (const entry of manifest.entries) {
    yield `${isFirst ? '' : ','}\n  ${render(entry).replaceAll('\n', '\n  ')}`;
    isFirst = false;
  }
  yield `${isFirst ? '' : '\n '}${frame.slice(at)}\n`;
}
