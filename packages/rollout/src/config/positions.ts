import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
} from 'yaml';

export type Path = readonly PropertyKey[];

/** Where parts of a YAML document lie. */
export interface Positions {
  /** The part at `path`, else the nearest that contains it. From 1. */
  valueAt(path: Path): { line: number; column: number };
  /** The key `path` ends with, where it is there. */
  keyAt(path: Path): { line: number; column: number };
  /** True for an unquoted scalar: its text may stand for a number or a boolean. */
  isPlain(path: Path): boolean;
}

/** `environments.production.data[0].path`. */
export const formatPath = (path: Path): string =>
  path.reduce<string>(
    (shown, part) =>
      typeof part === 'number'
        ? `${shown}[${part}]`
        : shown === ''
          ? String(part)
          : `${shown}.${String(part)}`,
    '',
  );

const child = (
  document: Document,
  node: unknown,
  key: PropertyKey,
): { key: Node | null; value: unknown } | null => {
  const whole = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(whole) && typeof key === 'number') return { key: null, value: whole.items[key] };
  if (!isMap(whole)) return null;
  for (const pair of whole.items) {
    if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === String(key))
      return { key: pair.key, value: pair.value };
  }
  return null;
};

export const positionsOf = (document: Document, lines: LineCounter): Positions => {
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const find = (path: Path) => {
    let node: unknown = document.contents;
    let key: Node | null = null;
    let offset = document.contents?.range?.[0] ?? 0;
    let whole = true;
    for (const part of path) {
      const next = child(document, node, part);
      if (next === null) {
        whole = false;
        break;
      }
      ({ key, value: node } = next);
      offset = (node as Node | null)?.range?.[0] ?? key?.range?.[0] ?? offset;
    }
    return { node, key, offset, whole };
  };
  return {
    valueAt: (path) => {
      const { key, node, offset } = find(path);
      // A map starts at its first key: what is missing in it is better shown at the map's own key.
      return at((isMap(node) || isSeq(node)) && key?.range ? key.range[0] : offset);
    },
    keyAt: (path) => {
      const { key, offset, whole } = find(path);
      return at(whole && key?.range ? key.range[0] : offset);
    },
    isPlain: (path) => {
      const { node, whole } = find(path);
      return whole && isScalar(node) && node.type === 'PLAIN';
    },
  };
};
