import { allOf, lastOf, type RecordedEvent } from '../record/events.ts';
import type { RunState } from '../record/run-state.ts';
import { formatDuration } from '../words/format.ts';
import { counted } from './in-words.ts';
import { rowsIn } from './timeline.ts';

/** The backup that leads back, and what vouches for it. */
export interface WayBack {
  /** As the record names it; `null`: only the release goes back. */
  readonly file: string | null;
  readonly sha256: string | null;
  /** A sentence each: it was drilled, its data was proved equal. */
  readonly proofs: readonly string[];
}

const fields = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};

const drillInWords = (proof: Readonly<Record<string, unknown>>): string | null => {
  const { at, started, totalMs } = proof;
  if (typeof at !== 'string' || typeof totalMs !== 'number') return null;
  const service =
    typeof started === 'string' ? `, release ${started} started and tested on it` : '';
  return `drilled on ${at.slice(0, 16).replace('T', ' ')} UTC: restored${service}, in ${formatDuration(totalMs)}`;
};

const provedInWords = (proof: Readonly<Record<string, unknown>>): string | null => {
  const { files, tables } = proof;
  return typeof files === 'number'
    ? `before the service started, its data was proved equal to the backup: ${counted(files, 'file')}, ${counted(rowsIn(tables), 'row')}`
    : null;
};

/** `null`: this run has none. Pure. */
export const wayBackOf = (state: RunState, events: readonly RecordedEvent[]): WayBack | null => {
  const steps = allOf(events, 'step.done');
  const proofs = (...texts: readonly (string | null)[]) => texts.filter((text) => text !== null);
  const rollback = lastOf(events, 'rollback.started');
  if (rollback !== undefined) {
    const proved = steps.findLast(({ step, scope }) => scope === 'rollback' && step === 'prove');
    return {
      file: rollback.backup,
      sha256: rollback.sha256,
      proofs: proofs(drillInWords(fields(rollback.proven)), provedInWords(fields(proved?.data))),
    };
  }
  if (state.backup === null) return null;
  const own = steps.findLast(
    ({ step, data }) => step.startsWith('backup') && fields(data)['file'] === state.backup,
  );
  const drill = steps.findLast(
    ({ step, data }) => step.startsWith('drill') && fields(data)['file'] === state.backup,
  );
  const { sha256 } = fields(own?.data);
  return {
    file: state.backup,
    sha256: typeof sha256 === 'string' ? sha256 : null,
    proofs: proofs(drillInWords(fields(drill?.data))),
  };
};
