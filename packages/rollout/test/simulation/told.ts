import type { EventType, RecordedEvent } from '../../src/record/events.ts';
import { factsOf, type Known, type KnownOf } from './facts.ts';
import type { Typed } from './operators.ts';
import type { Story } from './story.ts';
import type { World } from './world.ts';

/** A story that was told to its end. */
export interface Told {
  readonly seed: number;
  readonly story: Story;
  readonly world: World;
  readonly commands: readonly Typed[];
  /** What `status` showed after everything was mended and every way out was taken; empty: there was nothing to do. */
  readonly lastPage: string;
}

/** An event of a record, and what was true as it was written. */
export type Written<T extends EventType = EventType> = KnownOf<'recorded'> & {
  readonly event: RecordedEvent<T>;
};

/** All events of these types, in the order in which they were written, over all records. */
export const writtenOf = <T extends EventType>(
  facts: readonly Known[],
  ...types: readonly T[]
): Written<T>[] => {
  const wanted: readonly string[] = types;
  return factsOf(facts, 'recorded').filter(({ event }) =>
    wanted.includes(event.type),
  ) as Written<T>[];
};

/** Facts of one process. */
export const by = (facts: readonly Known[], pid: number): Known[] =>
  facts.filter((fact) => fact.pid === pid);

export const within = (facts: readonly Known[], from: number, to: number): Known[] =>
  facts.slice(from, to);
