import type { StagedTarget } from '@dhash/backup-core';
import type { Json, NewEvent, StepEvent } from '@dhash/journal';

/** Marks this package's step events in a journal that also holds a deploy's. */
export const rollbackScope = 'rollback';

/** What `verify` leaves on record: what a resume goes by, whatever the plan of the later process says. */
export type VerifiedFacts = {
  id: string;
  /** `null` where only the release goes back. */
  backup: string | null;
  sha256: string | null;
  from: string | null;
  to: string | null;
};
export type SafetyResult = { file: string; sha256: string; bytes: number } | null;

/**
 * What the steps left on record. The types are what the steps of this package returned; the chain of
 * the journal is what vouches that nobody changed it in between.
 */
export interface Results {
  verified(): VerifiedFacts | undefined;
  staged(): StagedTarget[];
  get(step: string): Json | undefined;
  /** It started, and was not undone since. */
  began(step: string): boolean;
  note(event: NewEvent | StepEvent): void;
}

export const resultsOf = (past: readonly NewEvent[]): Results => {
  const data = new Map<string, Json>();
  const begun = new Set<string>();
  const note = (event: NewEvent | StepEvent) => {
    if (!('step' in event) || typeof event.step !== 'string') return;
    if (event.type === 'step.done') data.set(event.step, event['data'] as Json);
    if (event.type === 'step.started') begun.add(event.step);
    if (event.type === 'step.undone') {
      data.delete(event.step);
      begun.delete(event.step);
    }
  };
  for (const event of past) note(event);
  return {
    verified: () => data.get('verify') as VerifiedFacts | undefined,
    staged: () => (data.get('stage') ?? []) as unknown as StagedTarget[],
    get: (step) => data.get(step),
    began: (step) => begun.has(step),
    note,
  };
};

/** Typed data as the plain JSON that a journal takes: fields that are `undefined` vanish. */
export const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null)) as Json;

/**
 * The events of the rollback at hand: those of its scope after the newest `rollback.started`, which
 * whoever owns the journal writes before it (all of them where there is none).
 */
export const ownEvents = (
  past: readonly NewEvent[],
): { own: NewEvent[]; before: NewEvent[]; attempt: number } => {
  const started = past.findLastIndex(({ type }) => type === 'rollback.started');
  const isOurs = ({ scope }: NewEvent) => scope === rollbackScope;
  return {
    own: past.slice(started + 1).filter(isOurs),
    before: past.slice(0, started + 1).filter(isOurs),
    attempt: Math.max(1, past.filter(({ type }) => type === 'rollback.started').length),
  };
};
