import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sample } from './sample.ts';

const WORKER = fileURLToPath(new URL('./memory-worker.ts', import.meta.url));

export interface MemoryJob {
  readonly sample: Sample;
  readonly rehash: boolean;
  /** Staged beside the live data after it was verified. */
  readonly isRestored: boolean;
}

/** A backup made and verified by a process of its own. */
export interface MemoryPeaks {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly plainBytes: number;
  readonly entries: number;
  /** Most resident memory until the backup was made, and until the end, MiB. */
  readonly backup: number;
  readonly all: number;
}

/** @param nodeOptions settings of Node for that process */
export const measureMemory = (job: MemoryJob, nodeOptions: readonly string[] = []): MemoryPeaks =>
  JSON.parse(
    execFileSync(process.execPath, ['--no-warnings', ...nodeOptions, WORKER, JSON.stringify(job)], {
      encoding: 'utf8',
    }),
  ) as MemoryPeaks;
