import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FaultedEnd } from './faulted-worker.ts';
import type { Sample } from './sample.ts';

const WORKER = fileURLToPath(new URL('./faulted-worker.ts', import.meta.url));

/** Which system calls of the backup are met, and with what. */
export interface Injection {
  /** As strace takes them: `fsync,fdatasync`. */
  readonly calls: string;
  /** `signal=KILL`, `error=EIO`. */
  readonly fault: string;
  /** Which of them, counted from 1 in each thread: `3`, `3+`. */
  readonly when: string;
  /** Only calls on this file. */
  readonly path?: string;
}

/** Backs a sample up in a process of its own under strace. Null where it was killed. */
export const backUpUnderStrace = (
  sample: Sample,
  atMs: number,
  { calls, fault, path, when }: Injection,
): FaultedEnd | null => {
  const { error, signal, stderr, stdout } = spawnSync(
    'strace',
    [
      ...['-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`],
      ...['-e', `inject=${calls}:${fault}:when=${when}`],
      ...(path === undefined ? [] : ['-P', path]),
      ...[process.execPath, '--no-warnings', WORKER, JSON.stringify(sample), String(atMs)],
    ],
    // One thread makes all calls but those of SQLite's own, so that counting them comes to every one.
    { encoding: 'utf8', timeout: 120_000, env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
  );
  if (error !== undefined) throw error;
  if (signal === 'SIGKILL') return null;
  if (stdout === '') throw new Error(`the backup under strace said nothing: ${stderr}`);
  return JSON.parse(stdout) as FaultedEnd;
};
