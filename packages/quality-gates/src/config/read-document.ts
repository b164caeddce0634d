import {
  type Alias,
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigIssue } from './errors.ts';

/** Keys and indexes from the root. */
export type Path = readonly PropertyKey[];
/** Where in the text a value, or the key it hangs on, begins; from 1. */
export type Position = { readonly line: number; readonly column: number };

/** A file that could be read, with the place of everything in it. */
export type GatesDocument = {
  readonly value: unknown;
  /** Of the value at `path`, or of the nearest thing around it that exists. */
  at(path: Path): Position;
  /** Of the key itself, for keys that should not be there. */
  atKey(path: Path): Position;
};

/** What reading a text gave: a document, or why there is none. */
export type ReadResult =
  | { readonly kind: 'read'; readonly document: GatesDocument }
  | { readonly kind: 'broken'; readonly issues: readonly ConfigIssue[] };

const maxChars = 1_000_000;
/** What follows are mostly consequences. */
const maxSyntaxErrors = 10;

const child = (
  node: unknown,
  key: PropertyKey,
): { key: Node | null; value: Node | null } | null => {
  if (isMap(node)) {
    const pair = node.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
    );
    if (pair === undefined) return null;
    return {
      key: isNode(pair.key) ? pair.key : null,
      value: isNode(pair.value) ? pair.value : null,
    };
  }
  if (!isSeq(node)) return null;
  const item = node.items[Number(key)];
  return isNode(item) ? { key: null, value: item } : null;
};

/** JSON that YAML accepts and JSON does not: comments, trailing commas, bare words. */
const jsonFault = (text: string, lines: LineCounter): { message: string; at: Position } | null => {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const place = /at position (\d+)/.exec(reason)?.[1];
    const { line, col } = lines.linePos(
      Number(place ?? (/\bend\b/.test(reason) ? text.length : 0)),
    );
    const plain = reason.replace(/ (in JSON )?at position \d+.*$/s, '').replace(/, "[\s\S]*$/, '');
    return { message: `is no JSON: ${plain}`, at: { line, column: col } };
  }
};

type AliasFault = { readonly alias: Alias; readonly message: string; readonly hint: string };

/** The first alias that names nothing, or something that it stands in: its value would have no end. */
const aliasFault = (document: Document): AliasFault | null => {
  let fault: AliasFault | null = null;
  visit(document, {
    Alias: (_key, alias, around) => {
      const named = alias.resolve(document);
      // An anchor comes before its alias, so every cycle has an alias to something around it.
      if (named !== undefined && !around.some((node) => node === named)) return undefined;
      fault =
        named === undefined
          ? {
              alias,
              message: `the alias *${alias.source} names nothing`,
              hint: `put &${alias.source} before a value above it`,
            }
          : {
              alias,
              message: `the alias *${alias.source} stands inside what it names: that has no end`,
              hint: 'write the value itself',
            };
      return visit.BREAK;
    },
  });
  return fault;
};

/** Reads JSON or YAML, JSON strictly where the file is named so. Never throws. */
export const readDocument = (text: string, file: string): ReadResult => {
  const broken = (message: string, hint: string | null, at: Position): ReadResult => ({
    kind: 'broken',
    issues: [{ file, ...at, path: '', message, hint }],
  });
  const start = { line: 1, column: 1 };
  if (text.length > maxChars) return broken('is over a million characters', null, start);
  const lines = new LineCounter();
  const source = text.replace(/^\uFEFF/, '');
  const parsed = parseDocument(source, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (source.trim() === '') return broken('is empty', 'at least: environments', start);
  if (file.toLowerCase().endsWith('.json')) {
    const fault = jsonFault(source, lines);
    if (fault) return broken(fault.message, 'a file named .yaml may be YAML', fault.at);
  }
  const { errors } = parsed;
  if (errors.length > 0)
    return {
      kind: 'broken',
      issues: errors.slice(0, maxSyntaxErrors).map((error) => ({
        file,
        ...place(error.pos[0]),
        path: '',
        // The library quotes what it can't place, however long that is.
        message: error.message.replace(/(?<= in YAML stream| extra characters): .*/s, ''),
        hint: null,
      })),
    };
  const fault = aliasFault(parsed);
  if (fault !== null) return broken(fault.message, fault.hint, place(fault.alias.range?.[0] ?? 0));
  const locate = (path: Path, wanted: 'key' | 'value'): Position => {
    let offset = isNode(parsed.contents) ? (parsed.contents.range?.[0] ?? 0) : 0;
    let node: unknown = parsed.contents;
    path.forEach((key, depth) => {
      const found = child(node, key);
      node = found?.value ?? null;
      const isLast = depth === path.length - 1;
      const shown =
        isLast && wanted === 'key' ? (found?.key ?? found?.value) : (found?.value ?? found?.key);
      offset = shown?.range?.[0] ?? offset;
    });
    return place(offset);
  };
  try {
    const value: unknown = parsed.toJS({ maxAliasCount: 100 });
    return {
      kind: 'read',
      document: {
        value,
        at: (path) => locate(path, 'value'),
        atKey: (path) => locate(path, 'key'),
      },
    };
  } catch (error) {
    // More aliases than anyone writes by hand: values within values, without end to speak of.
    return broken(
      error instanceof Error ? error.message : String(error),
      'write the values themselves',
      start,
    );
  }
};
