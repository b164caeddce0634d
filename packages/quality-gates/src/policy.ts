/** What a broken gate leads to; `advise` only tells, at the end of the watch. */
export type BreakAction = 'rollback' | 'freeze' | 'alert' | 'advise';

/** `need` of the newest `of` verdicts must be beyond the threshold; `{ need: 1, of: 1 }` is the plain rule. */
export type Streak = { readonly need: number; readonly of: number };

/** The threshold is `factor` times the same value over the baseline, held between two bounds in the gate's unit. */
export type Relative = {
  readonly factor: number;
  readonly atLeast?: number;
  readonly atMost?: number;
};

/** How several series of a gauge become one number, and which of them count. */
export type GaugeReading = {
  /** Multiplies a reading first. */
  readonly scale: number;
  /** Absent: more than one series is no reading. */
  readonly of?: 'max' | 'min' | 'sum' | 'avg';
  /** Readings outside, before they are scaled, are none: an exporter's -1. */
  readonly valid?: { readonly min?: number; readonly max?: number };
};

/** `absent` 0: a counter that nobody knows is 0, not unread. */
type Absence = { readonly absent?: 0 };

type Common = {
  /** `observe`: judged and reported, decides nothing. */
  readonly mode: 'enforce' | 'observe';
  readonly onBreak: BreakAction;
  /** In the gate's unit; a break is strictly beyond it. 0 where `relative` sets the limit. */
  readonly threshold: number;
  /** Breaks under the threshold instead of over it. */
  readonly below: boolean;
  /** Native unit of value and threshold: `percent`, `ms`, `items`; `null` where none was named. */
  readonly unit: string | null;
  readonly streak: Streak;
  readonly noData: { readonly after: number; readonly then: 'inconclusive' | 'break' };
  readonly relative: Relative | null;
};

type Windowed = {
  readonly windowMs: number;
  /** Fewer readings than this in the window give no verdict. */
  readonly minSamples: number;
};

/** Fewer events (increase of the counter) than `minEvents` in the window give no verdict. */
type Evidence = { readonly minEvents: number };

/** A counter that a gauge gate asks for traffic; `optional`: only where the service reports it. */
type GaugeEvents = GaugeReading & {
  readonly events: { readonly counter: string; readonly optional: boolean } | null;
};

/** Non-OK checks in a row, newest backwards. */
export type ConsecutiveGate = Common & { readonly kind: 'consecutive' };
/** Non-OK share of the known checks over the window, percent. */
export type ShareGate = Common & Windowed & { readonly kind: 'share' };
/** Newest reading of a gauge. */
export type LevelGate = Common & GaugeReading & { readonly kind: 'level'; readonly gauge: string };
/** Changes of process within the window. */
export type RestartsGate = Common & Windowed & { readonly kind: 'restarts' };
/** increase(bad) / increase(total), percent. `confidence` null: plain comparison. */
export type CounterRatioGate = Common &
  Windowed &
  Evidence &
  Absence & {
    readonly kind: 'ratio';
    readonly source: 'counters';
    readonly bad: string;
    readonly total: string;
    readonly confidence: number | null;
  };
/** Time-weighted mean of a gauge. */
export type GaugeRatioGate = Common &
  Windowed &
  Evidence &
  GaugeEvents & { readonly kind: 'ratio'; readonly source: 'gauge'; readonly rate: string };
/** `q` of a histogram's increase, by linear interpolation in its bucket. */
export type HistogramQuantileGate = Common &
  Windowed &
  Evidence &
  Absence & {
    readonly kind: 'quantile';
    readonly source: 'histogram';
    readonly histogram: string;
    readonly q: number;
    readonly scale: number;
  };
/** Time-weighted median of a gauge that is a quantile already. */
export type GaugeQuantileGate = Common &
  Windowed &
  Evidence &
  GaugeEvents & {
    readonly kind: 'quantile';
    readonly source: 'gauge';
    readonly gauge: string;
    /** Which quantile the gauge holds; told in sentences only. `null`: not said. */
    readonly q: number | null;
  };
/** Canary against baseline, judged once, at the end of the watch. */
export type CompareGate = Common &
  GaugeReading & {
    readonly kind: 'compare';
    readonly gauge: string;
    /** Breaks only where p is below this. */
    readonly alpha: number;
    /** And the shift in the bad direction is over this share of the baseline's median. */
    readonly tolerance: number;
  };

/** One gate, fully normalised: nothing is left to a default. */
export type GatePolicy =
  | ConsecutiveGate
  | ShareGate
  | LevelGate
  | RestartsGate
  | CounterRatioGate
  | GaugeRatioGate
  | HistogramQuantileGate
  | GaugeQuantileGate
  | CompareGate;

/** The kinds of gates there are. */
export type GateKind = GatePolicy['kind'];

/** When a watch polls; ms. */
export type Cadence = {
  readonly initialMs: number;
  readonly normalMs: number;
  readonly initialPeriodMs: number;
  /** Cadence while any gate is suspicious; `null`: off. */
  readonly suspectMs: number | null;
};

/** One environment's gates and schedule, as `gatesFor` of `./config` makes it. Plain data. */
export type WatchPolicy = {
  readonly environment: string;
  readonly durationMs: number;
  readonly cadence: Cadence;
  /** Share (0 to 1) of scheduled polls that must bring a known health reading. */
  readonly minCoverage: number;
  /** Share (0 to 1) of scheduled polls at which each gate must have passed. */
  readonly minJudged: number;
  readonly onBreak: BreakAction;
  readonly baseline: { readonly durationMs: number; readonly cadenceMs: number } | null;
  readonly arming: { readonly polls: number; readonly everyMs: number };
  readonly health: { readonly control: string | null };
  /** A value with a timestamp longer than this before the poll is no reading; absent: {@link STALE_MS}. */
  readonly staleMs?: number;
  readonly gates: Readonly<Record<string, GatePolicy>>;
  /** SHA-256, hex, of the canonical policy without this field. */
  readonly fingerprint: string;
};

/** As Prometheus looks back: after 5 minutes a value is over. */
export const STALE_MS = 300_000;
