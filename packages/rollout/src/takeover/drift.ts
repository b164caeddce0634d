import type { RunState } from '../record/run-state.ts';

/** What a target runs, where it is not what a run activated; `null`: it is. Pure. */
export const driftOf = (active: string | null, state: Pick<RunState, 'version'>): string | null =>
  active === state.version
    ? null
    : `drift: the target runs ${active ?? 'no release'}, this run activated ${state.version ?? 'none'}`;
