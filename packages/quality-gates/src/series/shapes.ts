import type { PolledSample } from '../sample.ts';
import { parseSelector, selectorMatches } from './selector.ts';
import { parseSeriesKey, type Series } from './series-key.ts';

/** What a selector takes of a sample. */
export type Picked = {
  /** In the order of the sample. */
  readonly keys: readonly string[];
  /** Of each key: its label `instance`, empty where it has none. */
  readonly instances: readonly string[];
  /** The sample has a series of that name, selected or not. */
  readonly isNamed: boolean;
};

/** The keys of a sample, which are mostly those of the sample before: looked up once, not at each poll. */
export type Shape = {
  readonly keys: readonly string[];
  pick(selector: string): Picked;
};

const shapeOf = (keys: readonly string[]): Shape => {
  let parsed: readonly Series[] | null = null;
  const picks = new Map<string, Picked>();
  return {
    keys,
    pick: (text) => {
      const known = picks.get(text);
      if (known !== undefined) return known;
      const selector = parseSelector(text);
      parsed ??= keys.map(parseSeriesKey);
      const taken: string[] = [];
      const instances: string[] = [];
      let isNamed = false;
      for (const [index, { name, labels }] of parsed.entries()) {
        if (name !== selector.name) continue;
        isNamed = true;
        if (!selectorMatches(selector, labels)) continue;
        taken.push(keys[index] ?? '');
        instances.push(Object.hasOwn(labels, 'instance') ? (labels['instance'] ?? '') : '');
      }
      const picked = { keys: taken, instances, isNamed };
      picks.set(text, picked);
      return picked;
    },
  };
};

/** Samples of two targets, of which one misses now and then, go to and fro between a few shapes. */
const mostShapes = 8;

const isSame = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
};

/** Readings of one poll: what there is, and by which keys. */
export type Page = {
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly shape: Shape;
};

/** Reads the metrics of samples, one after the other; `null` where a sample has none. */
export type PageReader = (sample: PolledSample) => Page | null;

export const createPageReader = (): PageReader => {
  const shapes: Shape[] = [];
  let last: { readonly sample: PolledSample; readonly page: Page | null } | null = null;
  const find = (keys: readonly string[]): Shape => {
    const at = shapes.findIndex((shape) => isSame(shape.keys, keys));
    const found = at < 0 ? shapeOf(keys) : (shapes[at] as Shape); // at is an index
    if (at > 0) shapes.splice(at, 1);
    if (at !== 0) shapes.unshift(found);
    if (shapes.length > mostShapes) shapes.pop();
    return found;
  };
  return (sample) => {
    if (last?.sample === sample) return last.page;
    const metrics: unknown = sample.metrics;
    const page =
      typeof metrics === 'object' && metrics !== null && !Array.isArray(metrics)
        ? {
            metrics: metrics as Record<string, unknown>,
            shape: find(Object.keys(metrics)),
          }
        : null;
    last = { sample, page };
    return page;
  };
};
