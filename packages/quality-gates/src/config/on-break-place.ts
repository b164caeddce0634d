import { readDocument } from './read-document.ts';

/** Where a gates file says what a break of one gate leads to; lines from 1. */
export type OnBreakPlace = {
  /** Of the gate's name. */
  readonly gateLine: number;
  /** Of the gate's own `onBreak` or `mode: observe`; `null`: it has none, and its environment's holds. */
  readonly ownLine: number | null;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** `key` is the word that decides: `onBreak`, or `mode` of a gate that only observes. `null`: there is no such gate. */
export const onBreakPlace = (
  text: string,
  {
    file,
    environment,
    gate,
    key,
  }: {
    readonly file: string;
    readonly environment: string;
    readonly gate: string;
    readonly key: 'onBreak' | 'mode';
  },
): OnBreakPlace | null => {
  const read = readDocument(text, file);
  if (read.kind === 'broken') return null;
  const path = ['environments', environment, 'qualityGates', gate];
  const found = path.reduce<unknown>(
    (value, name) => (isObject(value) ? value[name] : undefined),
    read.document.value,
  );
  if (found === undefined) return null;
  return {
    gateLine: read.document.atKey(path).line,
    ownLine: isObject(found) && key in found ? read.document.atKey([...path, key]).line : null,
  };
};
