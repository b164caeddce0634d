import type { Lack, Look } from './measures/measure.ts';
import { amount, duration } from './numbers.ts';
import type { GatePolicy } from './policy.ts';
import { restartsText } from './restarts-text.ts';
import type { Verdict } from './verdict.ts';

/** What a sentence is made of. */
export type Told = {
  readonly name: string;
  readonly gate: GatePolicy;
  readonly limit: number;
  /** `the limit of 5 %`: made once, by {@link limitText}. */
  readonly bound: string;
  readonly verdict: Verdict['verdict'];
  readonly look: Look;
  /** Polls in a row without a usable reading. */
  readonly without: number;
  /** The verdict is `nodata` (or its break) because of them. */
  readonly isSilent: boolean;
  /** Why the newest check was not OK. */
  readonly reason: string | null;
  /** Why there is no reading, or no limit. */
  readonly why: string | null;
  /** More restarts than services have. */
  readonly trouble: { readonly restarts: number; readonly withinMs: number } | null;
};

/** The metric, or what else is read. */
export const sourceOf = (gate: GatePolicy): string => {
  switch (gate.kind) {
    case 'consecutive':
    case 'share':
      return 'a health check';
    case 'ratio':
      return gate.source === 'counters' ? `${gate.bad} and ${gate.total}` : gate.rate;
    case 'quantile':
      return gate.source === 'histogram' ? gate.histogram : gate.gauge;
    case 'restarts':
      return 'a start time';
    case 'level':
    case 'compare':
      return gate.gauge;
  }
};

/** `over 10 min`, or nothing for a gate without a window. */
export const overWindow = (gate: GatePolicy): string =>
  'windowMs' in gate ? ` over ${duration(gate.windowMs)}` : '';

const valueText = ({ gate, look, limit }: Told): string => {
  const value = look.value ?? 0;
  if (gate.kind === 'consecutive')
    return value === 1 ? '1 check in a row not OK' : `${value} checks in a row not OK`;
  const shown = amount(value, gate.unit, limit);
  if (gate.kind === 'restarts')
    return `${value === 1 ? '1 restart' : `${value} restarts`}${overWindow(gate)}`;
  if (gate.kind === 'share') return `${shown} of checks not OK${overWindow(gate)}`;
  if (gate.kind === 'compare') return `shifted by ${shown} against the baseline`;
  const what = gate.kind === 'quantile' && gate.source === 'histogram' ? `q${gate.q} ` : '';
  return `${what}${shown}${overWindow(gate)}`;
};

const lackText: Readonly<Record<Lack, (told: Told) => string>> = {
  samples: ({ gate, look }) => {
    const wanted = 'minSamples' in gate ? gate.minSamples : gate.kind === 'compare' ? 8 : 1;
    return `not judged yet: ${look.readings} of ${wanted} readings${overWindow(gate)}`;
  },
  traffic: ({ gate }) => `no traffic${overWindow(gate)}: nothing to judge, which is not 0 %`,
  events: ({ gate, look }) =>
    `not judged yet: ${look.events ?? 0} of ${'minEvents' in gate ? gate.minEvents : 0} events${overWindow(gate)}`,
  several: () =>
    'several processes answer at this address; name each one (targets) or ask Prometheus (promql)',
  misread: ({ gate }) =>
    `more of ${'bad' in gate ? `${gate.bad} than of ${gate.total}` : sourceOf(gate)}${overWindow(gate)}: a misreading, unless it lasts`,
  bucket: ({ gate, look, bound }) =>
    `${'q' in gate && gate.q !== null ? `q${gate.q} ` : ''}over ${amount(look.value ?? 0, gate.unit)}, the highest finite bucket: these buckets can't show ${bound}`,
  limit: ({ why }) => why ?? 'no limit to judge by',
  baseline: () => 'no baseline to compare with, or too few readings in it',
  end: ({ look }) => `judged once, at the end of the watch; ${look.readings} readings so far`,
};

const unitOf = (gate: GatePolicy) =>
  gate.kind === 'consecutive' || gate.kind === 'restarts' ? null : gate.unit;

/** The limit, as sentences have it. */
export const limitText = (gate: GatePolicy, limit: number): string =>
  `the limit of ${amount(limit, unitOf(gate))}`;

/** Why there was none: the process that never lived long enough to be confirmed, or what the source says. */
const silenceText = ({ gate, trouble, why }: Told): string => {
  const isCounted = 'bad' in gate || 'histogram' in gate;
  if (isCounted && trouble !== null) return `: ${restartsText(trouble)}`;
  return why === null ? '' : `: ${why}`;
};

/** The verdict for a person at 3 a.m. */
export const sentenceOf = (told: Told): string => {
  const { name, gate, bound, verdict, look } = told;
  if (told.isSilent && look.lack !== 'several')
    return `${name}: ${told.without} polls in a row without a reading of ${sourceOf(gate)}${silenceText(told)}${verdict === 'break' ? '; that breaks it' : ''}`;
  if (look.lack !== null) return `${name}: ${lackText[look.lack](told)}`;
  if (!look.beyond) {
    const { value } = look;
    const isOver = value !== null && (gate.below ? value < told.limit : value > told.limit);
    if (gate.kind === 'ratio' && isOver)
      return `${name}: ${valueText(told)}, beyond ${bound}, but ${look.events} events prove nothing yet`;
    return `${name}: ${valueText(told)}, within ${bound}`;
  }
  const capped = look.isCapped ? ' or more' : '';
  const side = `${valueText(told)}${capped}, ${gate.below ? 'under' : 'over'} ${bound}`;
  const why = told.reason === null ? '' : ` (${told.reason})`;
  if (verdict === 'break') return `${name} broke: ${side}${why}`;
  const { need, of } = gate.streak;
  return of > 1
    ? `${name}: ${side}${why}, not yet ${need} of ${of} times`
    : `${name}: ${side}${why}, but without a reading at this poll`;
};
