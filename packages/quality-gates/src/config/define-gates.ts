import type { BreakAction } from '../policy.ts';
import { type GatesFile, readGates } from './parse-gates.ts';

declare const metricType: unique symbol;
/** A selector of counters; made by {@link counter}. */
export type Counter = string & { readonly [metricType]: 'counter' };
/** A selector of gauges; made by {@link gauge}. */
export type Gauge = string & { readonly [metricType]: 'gauge' };
/** A selector of histograms; made by {@link histogram}. */
export type Histogram = string & { readonly [metricType]: 'histogram' };

/** Says that a name or selector is a counter's: `counter('http_requests_total{code=~"5.."}')`. */
export const counter = (selector: string): Counter => selector as Counter;
/** Says that a name or selector is a gauge's. */
export const gauge = (selector: string): Gauge => selector as Gauge;
/** Says that a name or selector is a histogram's, without `_bucket` and `le`. */
export const histogram = (selector: string): Histogram => selector as Histogram;

/** Minutes as a number, or a text with a unit: `"90s"`. */
type Minutes = number | string;
/** Seconds as a number, or a text with a unit. */
type Seconds = number | string;

type Everywhere = {
  readonly for?: number | `${number} of ${number}`;
  readonly noData?: { readonly after?: number; readonly then?: 'inconclusive' | 'break' };
  readonly mode?: 'enforce' | 'observe';
  readonly onBreak?: BreakAction;
  readonly below?: boolean;
};
type Limit =
  | {
      readonly threshold: number;
      readonly relativeTo?: never;
      readonly factor?: never;
      readonly atLeast?: never;
      readonly atMost?: never;
    }
  | {
      readonly threshold?: never;
      readonly relativeTo: 'baseline';
      readonly factor: number;
      readonly atLeast?: number;
      readonly atMost?: number;
    };
type Windowed = { readonly timeWindow: Minutes; readonly minSamples?: number };
type OfGauges = {
  readonly scale?: number;
  readonly of?: 'max' | 'min' | 'sum' | 'avg';
  readonly valid?: { readonly min?: number; readonly max?: number };
};
type Judged = Everywhere & Limit & { readonly unit?: string };

/** A gate as it is written, by its kind; metrics of another type do not compile. */
export type GateInput =
  | (Everywhere & { readonly kind: 'consecutive'; readonly threshold: number })
  | (Everywhere & Windowed & { readonly kind: 'share'; readonly threshold: number })
  | (Everywhere & Windowed & { readonly kind: 'restarts'; readonly threshold: number })
  | (Judged &
      Windowed & {
        readonly kind: 'ratio';
        readonly bad: Counter;
        readonly total: Counter;
        readonly minEvents?: number;
        readonly confidence?: number | 'off';
        readonly absent?: 0;
      })
  | (Judged &
      Windowed &
      OfGauges & {
        readonly kind: 'ratio';
        readonly rate: Gauge;
        readonly events?: Counter;
        readonly minEvents?: number;
      })
  | (Judged &
      Windowed & {
        readonly kind: 'quantile';
        readonly histogram: Histogram;
        readonly q: number;
        readonly scale?: number;
        readonly minEvents?: number;
        readonly absent?: 0;
      })
  | (Judged &
      Windowed &
      OfGauges & {
        readonly kind: 'quantile';
        readonly gauge: Gauge;
        readonly q?: number;
        readonly events?: Counter;
        readonly minEvents?: number;
      })
  | (Judged & OfGauges & { readonly kind: 'level'; readonly gauge: Gauge })
  | (Omit<Everywhere, 'for'> &
      OfGauges & {
        readonly kind: 'compare';
        readonly gauge: Gauge;
        readonly tolerance: number;
        readonly alpha?: number;
        readonly unit?: string;
      });

/** An environment as it is written. */
export type EnvironmentInput = {
  readonly duration: Minutes;
  readonly qualityGates: Readonly<Record<string, GateInput>>;
  readonly autoRollback?: boolean;
  readonly onBreak?: BreakAction;
  readonly pollCadence?: {
    readonly initial?: Seconds;
    readonly normal?: Seconds;
    readonly initialPeriod?: Minutes;
    readonly suspect?: Seconds;
  };
  readonly minCoverage?: number;
  readonly minJudged?: number;
  readonly stale?: Minutes;
  readonly baseline?: { readonly duration?: Minutes; readonly cadence?: Seconds };
  readonly arming?: { readonly polls?: number; readonly every?: Seconds };
  readonly health?: { readonly control?: string };
};

/** A gates file as it is written, with every environment. */
export type GatesInput = { readonly environments: Readonly<Record<string, EnvironmentInput>> };

/**
 * Gates written in TypeScript: the same as a gates file, and checked the same way.
 * @throws GatesConfigError with all that is wrong, each with its path; `file` is `defineGates`, line 1.
 */
export const defineGates = (gates: GatesInput): GatesFile => readGates(gates, 'defineGates');
