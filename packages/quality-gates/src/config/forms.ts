import * as z from 'zod';
import { gateFields as fields, type kinds } from './fields.ts';

type Kind = (typeof kinds)[number];
type Key = keyof typeof fields;

/** One way to write a gate of a kind. */
export type Form = {
  readonly kind: Kind;
  /** What it reads: these keys make the form. */
  readonly own: readonly Key[];
  readonly schema: z.ZodObject;
  readonly keys: readonly string[];
};

const common = [
  'kind',
  'threshold',
  'relativeTo',
  'factor',
  'atLeast',
  'atMost',
  'unit',
  'below',
] as const;
const ofGauges = ['scale', 'of', 'valid'] as const;
const everywhere = ['for', 'noData', 'mode', 'onBreak'] as const;
const windowed = ['timeWindow', 'minSamples'] as const;

const form = (
  kind: Kind,
  own: readonly Key[],
  needs: readonly Key[],
  takes: readonly Key[],
): Form => {
  const keys = [...new Set<Key>([...own, ...needs, ...takes])];
  const required = new Set<Key>([...own, ...needs]);
  const shape: Record<string, z.ZodType> = {};
  for (const key of keys) shape[key] = required.has(key) ? fields[key] : fields[key].optional();
  return { kind, own, keys, schema: z.strictObject(shape) };
};

/** All forms; the first one of a kind is asked for where a gate has none of their keys. */
export const forms: readonly Form[] = [
  form('consecutive', [], ['threshold'], ['kind', 'below', 'unit', ...everywhere]),
  form(
    'share',
    [],
    ['threshold', 'timeWindow'],
    ['kind', 'below', 'unit', 'minSamples', ...everywhere],
  ),
  form(
    'ratio',
    ['bad', 'total'],
    ['timeWindow'],
    [...common, ...windowed, 'minEvents', 'confidence', 'absent', ...everywhere],
  ),
  form(
    'ratio',
    ['rate'],
    ['timeWindow'],
    [...common, ...windowed, 'minEvents', 'events', ...ofGauges, ...everywhere],
  ),
  form(
    'quantile',
    ['histogram'],
    ['timeWindow', 'q'],
    [...common, ...windowed, 'minEvents', 'scale', 'absent', ...everywhere],
  ),
  form(
    'quantile',
    ['gauge'],
    ['timeWindow'],
    [...common, ...windowed, 'minEvents', 'events', 'q', ...ofGauges, ...everywhere],
  ),
  form('level', ['gauge'], [], [...common, ...ofGauges, ...everywhere]),
  form('restarts', [], ['threshold', 'timeWindow'], ['kind', 'below', 'minSamples', ...everywhere]),
  form(
    'compare',
    ['gauge'],
    ['tolerance'],
    ['kind', 'alpha', 'below', 'unit', ...ofGauges, 'noData', 'mode', 'onBreak'],
  ),
];

/** What a known gate brings; a key of its own in the file wins. */
export type KnownGate = {
  readonly kind: Kind;
  readonly brings: Readonly<Record<string, unknown>>;
  /** Used where the service reports it. */
  readonly optionalEvents?: string;
};

/** The gates that need no more than a threshold and, where they have one, a window. */
export const knownGates: ReadonlyMap<string, KnownGate> = new Map<string, KnownGate>([
  ['healthFailures', { kind: 'consecutive', brings: {} }],
  ['healthFailureShare', { kind: 'share', brings: {} }],
  [
    'extractionFailureRate',
    {
      kind: 'ratio',
      brings: { rate: 'extraction_failures_rate', unit: 'percent' },
      optionalEvents: 'total_processed',
    },
  ],
  [
    'p95HashTime',
    {
      kind: 'quantile',
      brings: { gauge: 'p95_hash_time', q: 0.95, unit: 'ms' },
      optionalEvents: 'total_processed',
    },
  ],
  [
    'lowConfidenceQueue',
    { kind: 'level', brings: { gauge: 'low_confidence_queue_length', unit: 'items' } },
  ],
]);
