import { createBackup, isBackupError } from '../../src/index.ts';
import { backupOptions, type Sample } from './sample.ts';

/** What became of a backup in a process whose system calls fail or kill it. */
export type FaultedEnd =
  | { readonly end: 'backup'; readonly incomplete: readonly string[]; readonly reused: number }
  | { readonly end: 'error'; readonly code: string; readonly message: string };

const [, , sample = '', atMs = ''] = process.argv;
const say = (end: FaultedEnd) => console.log(JSON.stringify(end));
try {
  const options = backupOptions(JSON.parse(sample) as Sample, { now: () => Number(atMs) });
  const { incomplete, reused } = await createBackup(options);
  say({ end: 'backup', incomplete, reused: reused.files });
} catch (error) {
  const code = isBackupError(error) ? error.code : 'not ours';
  say({ end: 'error', code, message: String(error) });
}
