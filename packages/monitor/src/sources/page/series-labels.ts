import type { Cursor } from './page-text.ts';

/** Labels as a gate sees them: no empty ones. */
export type Labels = Readonly<Record<string, string>>;

/** Where each label of one series stands in its page; used over and over, line by line. */
export interface LabelPlaces {
  /** Per label: start and end of the name, start and end of the value within its quotes. */
  readonly places: number[];
  /** Labels found so far. */
  count: number;
  /** Of all names and values together. */
  characters: number;
  hasEscapes: boolean;
  hasEmpty: boolean;
}

export const noPlaces = (): LabelPlaces => ({
  places: [],
  count: 0,
  characters: 0,
  hasEscapes: false,
  hasEmpty: false,
});

/** For the next line. */
export const forgetPlaces = (labels: LabelPlaces): void => {
  labels.count = 0;
  labels.characters = 0;
  labels.hasEscapes = false;
  labels.hasEmpty = false;
};

/** No service has series like this; one that is made to look so must cost neither time nor memory. */
const mostLabels = 1000;
const mostCharacters = 64 * 1024;

/** Whether a series is left out for the mass of its labels. */
export const isOversized = ({ count, characters }: LabelPlaces): boolean =>
  count > mostLabels || characters > mostCharacters;

export const addPlace = (
  labels: LabelPlaces,
  [nameStart, nameEnd, valueStart, valueEnd]: readonly [number, number, number, number],
): void => {
  const { places } = labels;
  const at = labels.count * 4;
  places[at] = nameStart;
  places[at + 1] = nameEnd;
  places[at + 2] = valueStart;
  places[at + 3] = valueEnd;
  labels.count += 1;
  labels.characters += valueEnd - nameStart;
  if (valueStart === valueEnd) labels.hasEmpty = true;
};

const placeOf = ({ places }: LabelPlaces, index: number) => ({
  nameStart: places[index * 4] ?? 0,
  nameEnd: places[index * 4 + 1] ?? 0,
  valueStart: places[index * 4 + 2] ?? 0,
  valueEnd: places[index * 4 + 3] ?? 0,
});

const unescaped = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    : text;

const nameAt = (text: string, labels: LabelPlaces, index: number): string =>
  text.slice(labels.places[index * 4], labels.places[index * 4 + 1]);

/** Below this many labels each name is compared with each; above it a set is cheaper. */
const fewLabels = 8;

/**
 * The name of a label that stands twice, or `null`. A label whose value is empty is none, and takes its namesakes
 * along: so it is in Prometheus.
 */
export const repeatedLabel = ({ text }: Cursor, labels: LabelPlaces): string | null => {
  if (labels.count < 2) return null;
  if (labels.count <= fewLabels && !hasTwins(text, labels)) return null;
  const emptied = emptiedNames(text, labels);
  const seen = new Set<string>();
  for (let index = 0; index < labels.count; index++) {
    const name = nameAt(text, labels, index);
    if (emptied.has(name)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
};

const hasTwins = (text: string, labels: LabelPlaces): boolean => {
  const { places } = labels;
  for (let index = 1; index < labels.count; index++) {
    const start = places[index * 4] ?? 0;
    const length = (places[index * 4 + 1] ?? 0) - start;
    for (let other = 0; other < index; other++) {
      const from = places[other * 4] ?? 0;
      if ((places[other * 4 + 1] ?? 0) - from !== length) continue;
      let same = 0;
      while (same < length && text.charCodeAt(start + same) === text.charCodeAt(from + same))
        same += 1;
      if (same === length) return true;
    }
  }
  return false;
};

const noLabels: Labels = Object.freeze({});

const emptiedNames = (text: string, labels: LabelPlaces): Set<string> => {
  const names = new Set<string>();
  if (!labels.hasEmpty) return names;
  for (let index = 0; index < labels.count; index++) {
    const { valueStart, valueEnd } = placeOf(labels, index);
    if (valueStart === valueEnd) names.add(nameAt(text, labels, index));
  }
  return names;
};

/** The labels at these places, without the empty ones. `decode`: as of a `PageText` whose labels were found to be text. */
export const labelsAt = (
  { text }: Cursor,
  labels: LabelPlaces,
  decode: (part: string) => string | null,
): Labels => {
  if (labels.count === 0) return noLabels;
  const all: [string, string][] = [];
  const emptied = emptiedNames(text, labels);
  for (let index = 0; index < labels.count; index++) {
    const { nameStart, nameEnd, valueStart, valueEnd } = placeOf(labels, index);
    const name = text.slice(nameStart, nameEnd);
    if (emptied.has(name)) continue;
    const value = text.slice(valueStart, valueEnd);
    all.push([name, decode(labels.hasEscapes ? unescaped(value) : value) ?? '']);
  }
  return Object.fromEntries(all);
};
