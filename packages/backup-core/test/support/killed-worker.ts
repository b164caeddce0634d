import { readFile } from 'node:fs/promises';
import type { StagedTarget } from '../../src/index.ts';
import { createBackup, swapBack, swapIn } from '../../src/index.ts';
import { faultyDisk } from './faulty-disk.ts';
import { backupOptions, type Sample } from './sample.ts';

/** What the child is told, in a file: the work, and the number of the change before which it is to be killed. */
export interface KilledJob {
  readonly work: 'backup' | 'swapIn' | 'swapBack';
  readonly killAt: number;
  readonly sample: Sample;
  readonly targets: readonly StagedTarget[];
}

const job = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as KilledJob;
const disk = faultyDisk((count) => {
  if (count === job.killAt) process.kill(process.pid, 'SIGKILL');
});
if (job.work === 'backup') await createBackup(backupOptions(job.sample, { disk }));
else if (job.work === 'swapIn') await swapIn(job.targets, { disk });
else await swapBack(job.targets, { disk });
