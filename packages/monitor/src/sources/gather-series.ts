import { MOST_SERIES, seriesKey } from '@dhash/quality-gates';
import { type HistogramGroup, histogramGroup } from './page/histogram-group.ts';
import type { Selection, SourceReading } from './source.ts';
import { type HistogramNames, type Part, type Wanted, wantedByName } from './wanted.ts';

type Labels = Readonly<Record<string, string>>;

/** A value, or why it is none. */
export type Value = { readonly value: number } | { readonly unread: string };

/** Takes in what a source finds, series by series, and keeps what is wanted of it. */
export interface Gathering {
  wants(name: string): boolean;
  /** @returns `twice` where the series was there before: the first one counts, as in Prometheus */
  add(name: string, labels: Labels, value: Value): 'taken' | 'twice';
  end(): Pick<SourceReading, 'metrics' | 'unread'> & {
    /** Names that are wanted and of which nothing was selected. */
    readonly missing: ReadonlySet<string>;
    readonly doubts: readonly string[];
  };
}

/** Series kept of a source whose gates are not known: it is looked at, not judged. */
const mostOfEverything = 10_000;

const without = (labels: Labels, name: string): Labels => {
  const { [name]: _, ...rest } = labels;
  return rest;
};
const isBucket = (name: string, labels: Labels): boolean =>
  name.endsWith('_bucket') && Object.hasOwn(labels, 'le');

/** The text anew: a part of a page would keep the whole page in memory. */
export const ownText = (key: string): string => Buffer.from(key, 'utf8').toString('utf8');

export const gatherSeries = (
  selection: Selection,
  names: HistogramNames = 'suffixed',
): Gathering => {
  const { byName, all } = wantedByName(selection === 'everything' ? [] : selection, names);
  const everything: Wanted | null =
    selection === 'everything'
      ? { name: '', shape: 'number', matches: () => true, keys: new Set(), isOver: false }
      : null;
  const most = everything === null ? MOST_SERIES : mostOfEverything;
  const numbers = new Map<string, number | null>();
  const groups = new Map<string, HistogramGroup>();
  const parts = new Set<string>();
  const unread = new Map<string, string>();

  /** Whether the key is kept for this. */
  const keep = (wanted: Wanted, key: string): boolean => {
    if (wanted.isOver) return false;
    if (wanted.keys.has(key)) return true;
    if (wanted.keys.size >= most) {
      wanted.isOver = true;
      // Of everything, what was found so far is as good as any.
      if (wanted !== everything) wanted.keys.clear();
      return false;
    }
    wanted.keys.add(key);
    return true;
  };
  const addNumber = (key: string, value: Value): 'taken' | 'twice' => {
    if (numbers.has(key)) return 'twice';
    const isRead = 'value' in value && Number.isFinite(value.value);
    numbers.set(key, isRead ? value.value : null);
    if (!isRead) unread.set(key, 'unread' in value ? value.unread : `its value is ${value.value}`);
    return 'taken';
  };
  const addPart = (
    key: string,
    part: Exclude<Part, 'number'>,
    le: string | undefined,
    value: Value,
  ) => {
    const group = groups.get(key) ?? histogramGroup();
    groups.set(key, group);
    if (group.isSpoiled()) return 'taken';
    const once = `${part} ${le ?? ''} ${key}`;
    if (parts.has(once)) return 'twice';
    parts.add(once);
    if ('unread' in value) group.spoil(value.unread);
    else if (part === 'bucket') group.bucket(le, value.value);
    else group.part(part, value.value);
    return 'taken';
  };
  const addAny = (
    wanted: Wanted,
    name: string,
    labels: Labels,
    value: Value,
  ): 'taken' | 'twice' => {
    if (isBucket(name, labels)) {
      const key = seriesKey(name.slice(0, -'_bucket'.length), without(labels, 'le'));
      return keep(wanted, key) ? addPart(key, 'bucket', labels['le'], value) : 'taken';
    }
    for (const part of ['sum', 'count'] as const) {
      // Buckets come before their sum and count.
      const key = name.endsWith(`_${part}`)
        ? seriesKey(name.slice(0, -part.length - 1), labels)
        : '';
      if (groups.has(key)) addPart(key, part, undefined, value);
    }
    const key = seriesKey(name, labels);
    return keep(wanted, key) ? addNumber(key, value) : 'taken';
  };

  return {
    wants: (name) =>
      everything !== null || (byName.get(name)?.some(({ wanted }) => !wanted.isOver) ?? false),
    add: (name, labels, value) => {
      if (everything !== null) return addAny(everything, name, labels, value);
      // Several gates may want one series: it is looked at for each, and taken once.
      let number: string | null = null;
      let histogram: { readonly key: string; readonly part: Exclude<Part, 'number'> } | null = null;
      for (const { wanted, part } of byName.get(name) ?? []) {
        const own = part === 'bucket' ? without(labels, 'le') : labels;
        if (wanted.isOver || !wanted.matches(own)) continue;
        const key = seriesKey(wanted.name, own);
        if (!keep(wanted, key)) continue;
        if (part === 'number') number = key;
        else histogram = { key, part };
      }
      const told = [
        ...(number === null ? [] : [addNumber(number, value)]),
        ...(histogram === null
          ? []
          : [addPart(histogram.key, histogram.part, labels['le'], value)]),
      ];
      return told.includes('twice') ? 'twice' : 'taken';
    },
    end: () => {
      const doubts: string[] = [];
      const metrics: [string, unknown][] = [];
      const kept = new Set<string>();
      const missing = new Set<string>();
      for (const wanted of everything === null ? all : [everything]) {
        if (wanted.isOver && wanted !== everything) unread.set(wanted.name, `over ${most} series`);
        else if (wanted.isOver) doubts.push(`over ${most} series, the rest is left out`);
        else if (wanted.keys.size === 0 && wanted !== everything) missing.add(wanted.name);
        for (const key of wanted.keys) kept.add(key);
      }
      for (const key of kept) {
        const number = numbers.get(key);
        const grouped = groups.get(key)?.end();
        if (grouped?.kind === 'unread') unread.set(key, grouped.reason);
        if (grouped?.kind === 'read' && grouped.doubt !== null)
          doubts.push(`${key}: ${grouped.doubt}`);
        metrics.push([ownText(key), grouped?.kind === 'read' ? grouped.reading : (number ?? null)]);
      }
      const reasons = [...unread].filter(
        ([key]) => kept.has(key) || all.some(({ name }) => name === key),
      );
      return {
        metrics: Object.fromEntries(metrics),
        ...(reasons.length === 0
          ? {}
          : { unread: Object.fromEntries(reasons.map(([key, why]) => [ownText(key), why])) }),
        missing,
        doubts,
      };
    },
  };
};
