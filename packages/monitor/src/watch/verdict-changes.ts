import type { Assessment, Verdict } from '@dhash/quality-gates';

/** A gate's verdict became another. `from` is `null` at a gate's first verdict. */
export type VerdictChange = {
  readonly type: 'verdict.changed';
  readonly gate: string;
  readonly from: Verdict['verdict'] | null;
  readonly to: Verdict['verdict'];
  readonly sentence: string;
  /** When the poll that changed it was due, ms since the epoch. */
  readonly at: number;
};

/** The gates whose verdict differs between two assessments that follow each other. Pure. */
export const verdictChanges = (before: Assessment | null, after: Assessment): VerdictChange[] =>
  Object.entries(after.gates).flatMap(([gate, { verdict, sentence }]) => {
    const from = before?.gates[gate]?.verdict ?? null;
    // A gate begins pending: to say so of each at the first poll would be noise.
    if (from === verdict || (from === null && verdict === 'pending')) return [];
    return [{ type: 'verdict.changed', gate, from, to: verdict, sentence, at: after.at }];
  });

/** All changes over a watch, in order: what the journal and the report tell. Pure. */
export const allVerdictChanges = (assessments: readonly Assessment[]): VerdictChange[] =>
  assessments.flatMap((after, index) => verdictChanges(assessments[index - 1] ?? null, after));
