import { randomUUID } from 'node:crypto';
import { messageOf } from '@dhash/basics/message-of';
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { BackupError } from './errors.ts';
import {
  FORMAT,
  MANIFEST_NAME,
  type ManifestFrame,
  manifestEntry,
  manifestFrame,
} from './manifest.ts';
import { manifestSplitter } from './split-manifest.ts';
import { type LineTable, lineTable } from './table/line-table.ts';

/** A manifest whose lines are off the heap. */
export type ReadManifest = ManifestFrame & { readonly entries: LineTable };

/** Takes a manifest in parts, and holds no more of its text than one of its lines. */
export interface ManifestReader {
  /** The part may be overwritten afterwards. */
  push(part: Buffer): void;
  /** @throws BackupError `bad-manifest` */
  finish(): ReadManifest;
}

// zod/mini loads in a third of zod's time, and says only "Invalid input" without this.
z.config(en());

/** So many problems are told. */
const MOST_PROBLEMS = 5;

const problemsOf = (error: z.core.$ZodError, place: readonly string[]): string[] =>
  error.issues.map(({ path, message }) => `${[...place, ...path].join('.')}: ${message}`);

type Json = { readonly value: unknown } | { readonly error: unknown };

const parseJson = (text: string): Json => {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error };
  }
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

/** Each line is checked as it comes, and told of once all is there: another format may have other lines. */
export const manifestReader = (file: string): ManifestReader => {
  const entries = lineTable();
  const problems: string[] = [];
  let count = 0;
  let broken: { readonly error: unknown } | undefined;
  const no = (why: string, cause?: unknown): never => {
    throw new BackupError('bad-manifest', `${file}: its ${MANIFEST_NAME} ${why}`, { file, cause });
  };
  const notJson = ({ error }: { readonly error: unknown }) =>
    no(`is not JSON: ${messageOf(error)}`, error);

  const placeholder = randomUUID();
  const splitter = manifestSplitter(placeholder, (text) => {
    const place = ['entries', String(count)];
    count += 1;
    if (broken !== undefined || problems.length >= MOST_PROBLEMS) return;
    const json = parseJson(text);
    if ('error' in json) {
      broken = json;
      return;
    }
    const parsed = manifestEntry.safeParse(json.value);
    if (parsed.success) entries.push(parsed.data);
    else problems.push(...problemsOf(parsed.error, place));
  });

  return {
    push: splitter.push,
    finish: () => {
      const json = parseJson(splitter.frame());
      if (broken !== undefined) return notJson(broken);
      if ('error' in json) return notJson(json);
      const format = fieldOf(json.value, 'format');
      if (format !== FORMAT)
        return no(
          `is of format ${JSON.stringify(format)}; this version reads format ${FORMAT}: use the version that made it, or a newer one`,
        );
      const list = fieldOf(json.value, 'entries');
      const isWhole = Array.isArray(list) && list.length === count;
      if (!isWhole || list.some((each) => each !== placeholder))
        problems.unshift('entries: expected one array of objects');
      const frame = manifestFrame.safeParse(json.value);
      if (frame.success && problems.length === 0) return { ...frame.data, entries };
      if (!frame.success) problems.unshift(...problemsOf(frame.error, []));
      return no(`does not hold what it must: ${problems.slice(0, MOST_PROBLEMS).join('; ')}`);
    },
  };
};
