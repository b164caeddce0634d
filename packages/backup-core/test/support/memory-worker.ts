import { readFile } from 'node:fs/promises';
import { stageRestore, verifyBackup } from '../../src/index.ts';
import { backUpSample, type Sample } from './sample.ts';

const sample = JSON.parse(process.argv[2] ?? '') as Sample;

/** Peak resident memory, MiB: of this program, not of the one that it was forked from (as rusage would say). */
const peakMebibytes = async (): Promise<number> => {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return (peak === undefined ? process.resourceUsage().maxRSS : Number(peak)) / 1024;
};

const { file, manifest } = await backUpSample(sample);
const backup = await peakMebibytes();
await verifyBackup(file);
await stageRestore(file, { id: 'm', targets: sample.sources });
console.log(JSON.stringify({ backup, all: await peakMebibytes(), bytes: manifest.totalBytes }));
