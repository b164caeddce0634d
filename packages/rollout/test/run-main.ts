import { main } from '../src/cli/main.ts';
import type { CommandIo } from '../src/cli/run-command-line.ts';

/** What a command printed, and its exit code. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process. */
export const runMain = async (
  argv: string[],
  {
    signal = new AbortController().signal,
    onOut,
    ...surroundings
  }: Pick<CommandIo, 'cwd' | 'clock' | 'processEnv'> & {
    readonly signal?: AbortSignal;
    /** Gets what goes to stdout, as it comes. */
    readonly onOut?: (text: string) => void;
  },
): Promise<Ran> => {
  let out = '';
  let err = '';
  const exit = await main(argv, {
    stdout: {
      write: (text) => {
        out += text;
        onOut?.(text);
      },
    },
    stderr: {
      write: (text) => {
        err += text;
      },
    },
    signal,
    ...surroundings,
  });
  return { exit, out, err };
};
