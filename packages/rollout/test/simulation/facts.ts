import type { RecordedEvent } from '../../src/record/events.ts';

/** What somebody's hands do to release, service or data. */
export type HandOn =
  | 'lay'
  | 'unlay'
  | 'activate'
  | 'deactivate'
  | 'start'
  | 'stop'
  | 'swap'
  | 'swap back';

/** What is wrong with a backup, as the world knows it. */
export type Flaw = 'tampered' | 'foreign';

/** What truly happened, whatever the record says of it. */
export type Fact =
  | { readonly kind: 'began'; readonly argv: readonly string[] }
  | { readonly kind: 'ended'; readonly exit: number; readonly out: string }
  | { readonly kind: 'killed' }
  | { readonly kind: 'signalled'; readonly signal: 'SIGTERM' }
  | {
      readonly kind: 'hand';
      readonly on: HandOn;
      readonly release: string | null;
      /** Who held the lock as it began; `null`: nobody. */
      readonly holder: number | null;
    }
  | { readonly kind: 'hand done'; readonly on: HandOn; readonly ok: boolean }
  | { readonly kind: 'looked'; readonly active: string | null }
  | { readonly kind: 'polled'; readonly version: string | null; readonly ok: boolean }
  | { readonly kind: 'staged'; readonly backup: string; readonly flaw: Flaw | null }
  | { readonly kind: 'recorded'; readonly run: string; readonly event: RecordedEvent }
  | { readonly kind: 'paged'; readonly event: string }
  /** The world, and the people in it, by themselves. */
  | { readonly kind: 'happened'; readonly what: string };

/** A fact in its place: who, when, and what was true right then. */
export type Known = Fact & {
  /** Facts are numbered in the order in which they became true. */
  readonly index: number;
  /** Monotonic, ms. */
  readonly atMs: number;
  /** 0: the world itself. */
  readonly pid: number;
  readonly active: string | null;
  readonly running: string | null;
};

export type KnownOf<K extends Fact['kind']> = Extract<Known, { kind: K }>;

/** All facts of these kinds, oldest first. */
export const factsOf = <K extends Fact['kind']>(
  facts: readonly Known[],
  ...kinds: readonly K[]
): KnownOf<K>[] => {
  const wanted: readonly string[] = kinds;
  return facts.filter(({ kind }) => wanted.includes(kind)) as KnownOf<K>[];
};

const words = (fact: Known): string => {
  switch (fact.kind) {
    case 'began':
      return `types ${fact.argv.join(' ')}`;
    case 'ended':
      return `ends with exit ${fact.exit}`;
    case 'killed':
      return 'is KILLED';
    case 'signalled':
      return `gets ${fact.signal}`;
    case 'hand':
      return `${fact.on} ${fact.release ?? '(none)'}${fact.holder === fact.pid ? '' : ` WITHOUT THE LOCK (${fact.holder ?? 'free'})`}`;
    case 'hand done':
      return `${fact.on} ${fact.ok ? 'done' : 'FAILED'}`;
    case 'looked':
      return `sees that ${fact.active ?? 'nothing'} is active`;
    case 'polled':
      return `asks for ${fact.version ?? 'health'}: ${fact.ok ? 'OK' : 'not OK'}`;
    case 'staged':
      return `stages ${fact.backup}${fact.flaw === null ? '' : `, which is ${fact.flaw}`}`;
    case 'recorded': {
      const { type, seq, at: _, prev: __, hash: ___, ...fields } = fact.event;
      const told = JSON.stringify({
        ...fields,
        policy: undefined,
        sample: undefined,
        ms: undefined,
      });
      return `records ${seq} ${type} ${told.length > 160 ? `${told.slice(0, 157)}…` : told}`;
    }
    case 'paged':
      return `tells people: ${fact.event}`;
    case 'happened':
      return fact.what;
  }
};

/** A line of the trace: `+12.3 s  p2  records 7 step.done …`. */
export const traceLine = (fact: Known, startMs: number): string => {
  const who = fact.pid === 0 ? 'world' : `p${fact.pid - 5_000_000}`;
  const seconds = ((fact.atMs - startMs) / 1000).toFixed(2);
  return `+${seconds.padStart(8)} s  ${who.padEnd(5)}  ${words(fact)}`;
};
