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
    ...surroundings
  }: Pick<CommandIo, 'cwd' | 'clock' | 'processEnv'> & { readonly signal?: AbortSignal },
): Promise<Ran> => {
  let out = '';
  let err = '';
  const exit = await main(argv, {
    stdout: {
      write: (text) => {
        out += text;
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
