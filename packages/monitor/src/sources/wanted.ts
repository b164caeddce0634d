import { selectorMatches } from '@dhash/quality-gates';
import type { Selection } from './source.ts';

/** One thing that gates look for, and what was found of it. */
export interface Wanted {
  readonly name: string;
  readonly shape: 'number' | 'histogram';
  matches(labels: Readonly<Record<string, string>>): boolean;
  /** Keys found, up to the bound. */
  readonly keys: Set<string>;
  isOver: boolean;
}

/** What a series is to the thing that it is wanted for. */
export type Part = 'number' | 'bucket' | 'sum' | 'count';

/** By the name of a series: what it is wanted for. */
export type WantedByName = Map<string, { readonly wanted: Wanted; readonly part: Part }[]>;

/** How a source writes histograms: `x_bucket{le="1"}`, or as a query does, `x{le="1"}`. */
export type HistogramNames = 'suffixed' | 'bare';

const namesOf = (name: string, shape: Wanted['shape'], names: HistogramNames): [string, Part][] => {
  if (shape === 'number') return [[name, 'number']];
  if (names === 'bare') return [[name, 'bucket']];
  return [
    [`${name}_bucket`, 'bucket'],
    [`${name}_sum`, 'sum'],
    [`${name}_count`, 'count'],
  ];
};

/** What a selection looks for, each thing once. */
export const wantedByName = (
  selection: Exclude<Selection, 'everything'>,
  names: HistogramNames,
): { readonly byName: WantedByName; readonly all: readonly Wanted[] } => {
  const byName: WantedByName = new Map();
  const all = new Map<string, Wanted>();
  for (const { selector, type, text } of selection) {
    const shape = type === 'histogram' ? 'histogram' : 'number';
    const once = `${shape} ${text}`;
    if (all.has(once)) continue;
    const wanted: Wanted = {
      name: selector.name,
      shape,
      matches: (labels) => selectorMatches(selector, labels),
      keys: new Set(),
      isOver: false,
    };
    all.set(once, wanted);
    for (const [name, part] of namesOf(selector.name, shape, names))
      byName.set(name, [...(byName.get(name) ?? []), { wanted, part }]);
  }
  return { byName, all: [...all.values()] };
};
