import type { RecordedEvent } from './events.ts';

/** A backup as the step that took it wrote it down: a file relative to the folder of rollout.yaml. */
export interface TakenBackup {
  readonly file: string;
  /** `null`: the step did not say. */
  readonly sha256: string | null;
}

/** The backup that a step took; `null` where it took none. Pure. */
export const takenBackup = ({ step, data }: RecordedEvent<'step.done'>): TakenBackup | null => {
  if (!step.startsWith('backup')) return null;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const { file, sha256 } = data;
  if (typeof file !== 'string') return null;
  return { file, sha256: typeof sha256 === 'string' ? sha256 : null };
};
