import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { build } from 'tsup';
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

/** The worker and the sources as JavaScript, as users run them: to take the types away costs a process more than 50 MiB. */
const bundleWorker = async (): Promise<string> => {
  const outDir = await tempFolder();
  await build({
    config: false,
    entry: [WORKER],
    outDir,
    format: 'esm',
    target: 'node22',
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/./],
    // node:sqlite exists only under its prefix.
    removeNodeProtocol: false,
    silent: true,
  });
  return join(outDir, 'memory-worker.mjs');
};

/** @param nodeOptions settings of Node for that process */
export const measureMemory = async (
  job: MemoryJob,
  nodeOptions: readonly string[] = [],
): Promise<MemoryPeaks> => {
  const args = ['--no-warnings', ...nodeOptions, await bundleWorker(), JSON.stringify(job)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as MemoryPeaks;
};
