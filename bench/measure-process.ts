import { spawnSync } from 'node:child_process';

/** What a process cost, with its children. */
export interface Measured {
  readonly seconds: number;
  /** Of all processors together, user and system. */
  readonly cpuSeconds: number;
  /** Resident memory of its largest process, MB. */
  readonly peakMegabytes: number;
}

/** Node says what its own process used, not what a child did; Python's standard library does. */
const WRAPPER = `
import json, resource, subprocess, sys, time
started = time.monotonic()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.monotonic() - started
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss]))
sys.exit(code)`;

/** Runs one process to its end. @throws Error with what it wrote to stderr, where it fails. */
export const measureProcess = (
  [command = '', ...args]: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Measured => {
  const { error, status, stderr, stdout } = spawnSync(
    'python3',
    ['-c', WRAPPER, command, ...args],
    { ...options, encoding: 'utf8' },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${status}): ${stderr}`);
  const [seconds = 0, cpuSeconds = 0, kibibytes = 0] = JSON.parse(stdout) as number[];
  return { seconds, cpuSeconds, peakMegabytes: (kibibytes * 1024) / 1e6 };
};

/** Whether a program is installed. */
export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
