import { readFile } from 'node:fs/promises';
import { stageRestore, verifyBackup } from '../../src/index.ts';
import type { MemoryJob, MemoryPeaks } from './measure-memory.ts';
import { backUpSample } from './sample.ts';

const { sample, rehash, isRestored } = JSON.parse(process.argv[2] ?? '') as MemoryJob;

/** Peak resident memory, MiB: of this program, not of the one that it was forked from (as rusage would say). */
const peakMebibytes = async (): Promise<number> => {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return (peak === undefined ? process.resourceUsage().maxRSS : Number(peak)) / 1024;
};

const { bytes, entries, file, manifest, sha256 } = await backUpSample(sample, { rehash });
const backup = await peakMebibytes();
await verifyBackup(file);
if (isRestored) await stageRestore(file, { id: 'm', targets: sample.sources });
const all = await peakMebibytes();
const plainBytes = manifest.totalBytes;
const peaks: MemoryPeaks = { file, sha256, bytes, plainBytes, entries, backup, all };
console.log(JSON.stringify(peaks));
