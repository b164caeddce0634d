import { createReadStream } from 'node:fs';
import { BackupError } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import type { CommandLine, CommandSource } from '../types.ts';
import { dumpedKind } from './dumped-kind.ts';

/** @throws BackupError `command-failed`, with the last words of the program */
const run = (
  { name, cwd, timeoutMs, env = {} }: CommandSource,
  command: CommandLine,
  which: string,
  io: Pick<Parameters<typeof runProcess>[0], 'input' | 'onOutput' | 'signal'>,
): Promise<number> =>
  runProcess({
    what: `the ${which} command of the source "${name}"`,
    command,
    cwd,
    timeoutMs,
    env,
    ...io,
  });

/** Whatever the exit says: nothing at all is no dump. */
const dump = async (
  source: CommandSource,
  signal: AbortSignal | undefined,
  onOutput: (part: Buffer) => Promise<void> | void,
): Promise<number> => {
  const bytes = await run(source, source.dump, 'dump', { signal, onOutput });
  if (bytes > 0) return bytes;
  throw new BackupError(
    'command-failed',
    `the dump command of the source "${source.name}" printed nothing`,
  );
};

/** Whatever a pair of commands dumps and loads. */
export const commandKind = dumpedKind<CommandSource>({
  type: 'command',
  dump,
  verify: async (source, file, signal) => {
    if (source.verify === undefined) return;
    await run(source, source.verify, 'verify', { input: createReadStream(file), signal });
  },
  load: async (source, file, signal) => {
    await run(source, source.load, 'load', { input: createReadStream(file), signal });
  },
  facts: ({ name }) => ({ name, type: 'command' }),
  problems: ({ name, dump: dumping, load: loading }) =>
    dumping.length === 0 || loading.length === 0
      ? [`the source "${name}" needs a dump and a load command`]
      : [],
  asFile: (source, file) => ({ ...source, dump: ['cat', file] }),
  /** Dumps of the same data differ where they hold times: what was loaded is what passed its SHA-256 and `verify`. */
  prove: async (source, signal) => {
    const bytes = await dump(source, signal, () => undefined);
    return { problems: [], files: 1, bytes, tables: null };
  },
});
