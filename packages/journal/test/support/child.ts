import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A real process of `script` (in this folder) that prints lines; ended with the test. */
export const startChild = (script: string, args: readonly string[]) =>
  startChildUnder([], script, args);

/** The same, started by another program: `['unshare', '--uts', …]`. */
export const startChildUnder = (
  prefix: readonly string[],
  script: string,
  args: readonly string[],
) => {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const [program = '', ...words] = [
    ...prefix,
    process.execPath,
    '--experimental-strip-types',
    '--disable-warning=ExperimentalWarning',
    file,
    ...args,
  ];
  const child: ChildProcess = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('the child has no stdout');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    ended,
    line: async (): Promise<string | undefined> => {
      const next = await lines.next();
      return next.done ? undefined : next.value;
    },
    signal: (name: NodeJS.Signals) => child.kill(name),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
