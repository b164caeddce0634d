import { readFile } from 'node:fs/promises';
import { applyPrune, recordSummary, restorePart, verifyBackup } from '../../src/index.ts';
import { faultyDisk } from './faulty-disk.ts';

/** What the child is told, in a file: the work, and the number of the change before which it is to be killed. */
export interface KeepingJob {
  readonly work: 'prune' | 'summary' | 'restore';
  readonly killAt: number;
  readonly dir: string;
  /** The backups in question: all that are to go, or the one that is worked on. */
  readonly names: readonly string[];
  readonly to: string;
}

const job = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as KeepingJob;
const disk = faultyDisk((count) => {
  if (count === job.killAt) process.kill(process.pid, 'SIGKILL');
});
const file = `${job.dir}/${job.names[0]}`;
if (job.work === 'prune')
  await applyPrune(job.dir, { remove: job.names.map((name) => ({ name, reasons: [] })) }, { disk });
else if (job.work === 'summary')
  await recordSummary(job.dir, await verifyBackup(file), { now: Date.now, disk });
else await restorePart(file, { only: 'images', to: job.to, disk });
