import * as z from 'zod';
import { readSelector } from '../series/selector.ts';

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** A year: longer than any watch, and sums of ms stay exact. */
const longestMs = 366 * 86_400_000;

const durationText = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/;

/** Ms of a duration that {@link minutes} or {@link seconds} accepted; `null` for others. */
export const durationMs = (value: unknown, unit: 'm' | 's'): number | null => {
  const match = typeof value === 'string' ? durationText.exec(value) : null;
  const ms = match
    ? Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0)
    : typeof value === 'number'
      ? value * (unitMs[unit] ?? 0)
      : Number.NaN;
  const whole = Math.round(ms);
  return whole >= 1 && whole <= longestMs ? whole : null;
};

const durationField = (unit: 'm' | 's', name: string) =>
  z
    .union([z.number(), z.string()], {
      error: `must be ${name} as a number, or a text with a unit: "500ms", "90s", "10m", "2h"`,
    })
    .refine((value) => durationMs(value, unit) !== null, {
      error: `must be ${name} as a number over 0, or a text with a unit ("500ms", "90s", "10m", "2h"), at most a year`,
    });

/** Minutes as a number, or a text with a unit. */
const minutes = () => durationField('m', 'minutes');
/** Seconds as a number, or a text with a unit. */
const seconds = () => durationField('s', 'seconds');

const number = () => z.number({ error: 'must be a number' });
const whole = (least: number, most = 1_000_000) =>
  z
    .int({ error: `must be a whole number, ${least} or more` })
    .min(least, { error: `must be ${least} or more` })
    .max(most, { error: `must be ${most} or less` });
const share = () =>
  number().min(0, { error: 'must be 0 to 1' }).max(1, { error: 'must be 0 to 1' });
/** A selector; what is wrong with it is said where it is written. */
const metric = (type: 'counter' | 'gauge' | 'histogram' = 'gauge') =>
  z
    .string({ error: 'must be the name of a metric, or a selector: name{label="value"}' })
    .check((input) => {
      const result = readSelector(input.value);
      const hasLe =
        result.kind === 'read' && result.selector.matchers.some(({ label }) => label === 'le');
      const message =
        result.kind === 'broken'
          ? `must be the name of a metric, or a selector: ${result.message}`
          : type === 'histogram' && hasLe
            ? 'must be the histogram as a whole, without le'
            : null;
      if (message !== null) input.issues.push({ code: 'custom', message, input: input.value });
    })
    .meta({ pattern: '^[^\\s{}]*(\\s*\\{.*\\})?$' });
const oneOf = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `must be ${values.map((value) => `"${value}"`).join(' or ')}` });

const streakText = /^\s*(\d{1,4})\s+of\s+(\d{1,4})\s*$/;
/** `3` is 3 of 3; `"3 of 5"`. `null` for anything else. */
export const readStreak = (value: unknown): { need: number; of: number } | null => {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 1 && value <= 1000
      ? { need: value, of: value }
      : null;
  const match = typeof value === 'string' ? streakText.exec(value) : null;
  if (!match) return null;
  const [need, of] = [Number(match[1]), Number(match[2])];
  return need >= 1 && need <= of && of <= 1000 ? { need, of } : null;
};

export const kinds = [
  'consecutive',
  'ratio',
  'quantile',
  'level',
  'share',
  'restarts',
  'compare',
] as const;
const breakActions = ['rollback', 'freeze', 'alert', 'advise'] as const;
const combinations = ['max', 'min', 'sum', 'avg'] as const;

const confidenceError = 'must be over 0.5 and under 1, or "off"';

/** Every key that a gate may have; which of them a kind takes is in `forms.ts`. */
export const gateFields = {
  kind: oneOf(...kinds).describe(
    'What is judged: consecutive (non-OK checks in a row), ratio (bad of total, or the mean of a rate), quantile (of a histogram, or the median of a gauge), level (newest reading of a gauge), share (of checks not OK), restarts (changes of the process), compare (against the baseline, once, at the end). Known gates bring theirs.',
  ),
  threshold: number().describe(
    'In the gate\'s unit. Breaks when the value is over it, never at it (under it with "below": true).',
  ),
  relativeTo: z
    .literal('baseline', { error: 'must be "baseline"' })
    .describe('Instead of threshold: the limit is factor × the same value over the baseline.'),
  factor: number()
    .gt(0, { error: 'must be over 0' })
    .describe("With relativeTo: how many times the baseline's value is allowed."),
  atLeast: number().describe(
    "With relativeTo: the limit is never under this, in the gate's unit; needed where the baseline may be 0.",
  ),
  atMost: number().describe(
    "With relativeTo: the limit is never over this, in the gate's unit; a baseline over it refuses the deploy.",
  ),
  timeWindow: minutes().describe(
    'How far back readings are judged: minutes as a number, or a text with a unit ("90s", "10m").',
  ),
  bad: metric('counter').describe(
    'ratio: the counter of bad events, a name or a selector: http_requests_total{code=~"5.."}. Increases are taken per series, then summed.',
  ),
  total: metric('counter').describe('ratio: the counter of all events, a name or a selector.'),
  rate: metric().describe('ratio, instead of bad and total: a gauge that is a rate already.'),
  histogram: metric('histogram').describe(
    'quantile: the histogram whose increase is judged, a name or a selector without le.',
  ),
  gauge: metric().describe(
    'quantile, instead of histogram: a gauge that is a quantile already; level, compare: the gauge.',
  ),
  q: number()
    .min(0, { error: 'must be 0 to 1' })
    .max(1, { error: 'must be 0 to 1' })
    .describe('quantile: which one, 0 to 1; 0.95 is the 95th percentile.'),
  of: oneOf(...combinations).describe(
    'Gauges of several series: which number is judged. Without it, more than one series is no reading.',
  ),
  valid: z
    .strictObject(
      {
        min: number().optional().describe('The least valid reading.'),
        max: number().optional().describe('The greatest valid reading.'),
      },
      { error: 'must be an object with min and max' },
    )
    .refine(({ min = -Infinity, max = Infinity }) => min <= max, {
      error: 'must have a min that is not over its max',
    })
    .describe('Gauges: readings outside, before they are scaled, are none: { "min": 0 } for -1.'),
  absent: z
    .literal(0, { error: 'must be 0' })
    .describe(
      'Counters and histograms that nobody declares are 0: some clients show a labelled one only after its first use.',
    ),
  unit: z
    .string({ error: 'must be a text' })
    .min(1, { error: 'must not be empty' })
    .describe('Unit of value and threshold, for people: "percent", "ms", "items".'),
  scale: number()
    .gt(0, { error: 'must be over 0' })
    .describe('Multiplies a reading first: 1000 for a histogram in seconds and a threshold in ms.'),
  below: z
    .boolean({ error: 'must be true or false' })
    .describe('Breaks when the value is under the threshold instead of over it.'),
  confidence: z
    .union([z.number(), z.literal('off')], { error: confidenceError })
    .refine((value) => value === 'off' || (value > 0.5 && value < 1), { error: confidenceError })
    .describe(
      'ratio of counters: breaks only where the one-sided Wilson lower bound is over the threshold. Default 0.99; "off": the plain share.',
    ),
  minSamples: whole(1).describe(
    'Fewer readings in the window give no verdict. Default 3; 5 for share.',
  ),
  minEvents: whole(0, Number.MAX_SAFE_INTEGER).describe(
    'Less increase of the counter in the window gives no verdict. Default 20.',
  ),
  events: metric('counter').describe(
    'Gauge gates: a counter whose increase over the window must reach minEvents.',
  ),
  for: z
    .union([z.number(), z.string()], { error: 'must be a whole number, or a text like "3 of 5"' })
    .refine((value) => readStreak(value) !== null, {
      error: 'must be a whole number from 1 to 1000, or a text like "3 of 5"',
    })
    .describe('How many of the newest verdicts must be beyond: 3 (in a row) or "3 of 5".'),
  noData: z
    .strictObject(
      {
        after: whole(1)
          .optional()
          .describe('Polls in a row without a reading until there is no data. Default 3.'),
        // biome-ignore lint/suspicious/noThenProperty: the key that operators write; never awaited
        then: oneOf('inconclusive', 'break')
          .optional()
          .describe('What no data means at the end. Default "inconclusive".'),
      },
      { error: 'must be an object with after and then' },
    )
    .describe('When missing readings become "no data", and what that leads to.'),
  mode: oneOf('enforce', 'observe').describe(
    '"observe": judged and reported, decides nothing. Default "enforce".',
  ),
  onBreak: oneOf(...breakActions).describe(
    "What a break of this gate leads to. Default: the environment's.",
  ),
  alpha: number()
    .gt(0, { error: 'must be over 0' })
    .lt(0.5, { error: 'must be under 0.5' })
    .describe('compare: breaks only where p is below this. Default 0.01.'),
  tolerance: number()
    .min(0, { error: 'must be 0 or more' })
    .describe(
      "compare: how far, as a share of the baseline's median, a shift may go (0.1 = 10 %).",
    ),
} as const;

/** Every key of an environment. */
export const environmentFields = {
  duration: minutes().describe('How long a release is watched: minutes, or a text with a unit.'),
  autoRollback: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe('true: the same as "onBreak": "rollback".'),
  onBreak: oneOf(...breakActions)
    .optional()
    .describe('What a broken gate leads to. Default "alert".'),
  pollCadence: z
    .strictObject(
      {
        initial: seconds().optional().describe('Between polls at first. Seconds; default 30.'),
        normal: seconds().optional().describe('Between polls later. Seconds; default 120.'),
        initialPeriod: minutes().optional().describe('How long "at first" is. Minutes; default 5.'),
        suspect: seconds()
          .optional()
          .describe('Between polls while a gate is suspicious. Seconds; off by default.'),
      },
      { error: 'must be an object' },
    )
    .optional()
    .describe('When polls fall.'),
  minCoverage: share()
    .optional()
    .describe('Share of scheduled polls that must bring a known health reading. Default 0.9.'),
  minJudged: share()
    .optional()
    .describe('Share of scheduled polls at which each gate must have passed. Default 0.8.'),
  baseline: z
    .strictObject(
      {
        duration: minutes().optional().describe('How long the old release is sampled. Default 2m.'),
        cadence: seconds().optional().describe('Between its samples. Seconds; default 15.'),
      },
      { error: 'must be an object' },
    )
    .optional()
    .describe('Samples of the old release, for gates relative to it.'),
  arming: z
    .strictObject(
      {
        polls: whole(1, 1000).optional().describe('How many polls. Default 3.'),
        every: seconds().optional().describe('Between them. Seconds; default 5.'),
      },
      { error: 'must be an object' },
    )
    .optional()
    .describe('How each gate is judged on the running release before a deploy.'),
  stale: minutes()
    .optional()
    .describe(
      'A value with a timestamp longer than this before the poll is no reading. Default 5m.',
    ),
  health: z
    .strictObject(
      {
        control: z
          .url({ protocol: /^https?$/, error: 'must be an http or https address' })
          .optional()
          .describe("Where this fails too, the monitor's own network is down: no reading."),
      },
      { error: 'must be an object' },
    )
    .optional()
    .describe('About the health check.'),
} as const;
