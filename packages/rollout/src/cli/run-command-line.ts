import { resolve } from 'node:path';
import { atomicWriteFile } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Reach } from '../environment/reach.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import type { Clock } from '../process/clock.ts';
import { createOutput, type Streams } from '../words/output.ts';
import { visible } from '../words/visible.ts';
import { failureOf } from './show-error.ts';

const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause));

/** The process around a command, as a port: tests give their own. */
export interface CommandIo extends Streams {
  readonly processEnv: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What was typed after the program's name. */
  readonly typed?: readonly string[];
  /** Aborted by a second signal; never, where it is left out. */
  readonly leave?: AbortSignal;
  /** How target and service are reached; the real ones, where it is left out. */
  readonly reach?: Reach;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly config?: string;
}

/** Options of the commands that take the lock. */
export interface TakeOverOptions {
  readonly takeOver?: boolean;
  readonly reason?: string;
}

/** Why a lock may be taken whose holder can't be asked; `null`: it may not. */
const takeOverOf = ({ takeOver, reason }: TakeOverOptions): string | null => {
  if (takeOver !== true) return null;
  if (reason !== undefined && reason.trim() !== '') return reason;
  throw new RolloutError(
    'reason-missing',
    exitCodes.usage,
    '--take-over needs --reason "…": it goes on the record',
  );
};

export interface NamedLog {
  /** File name in the folder of rollout.yaml, e.g. `deploy-dryrun.log`. */
  readonly name: string;
}

/**
 * Runs one command: makes its context, shows what it throws as the text and exit code that its
 * caller is promised, and ends `--json` with the `result` line.
 */
export const runCommandLine = async (
  io: CommandIo,
  command: string,
  options: GlobalOptions & TakeOverOptions,
  work: (context: CommandContext) => Promise<CommandResult>,
  log: NamedLog | null = null,
): Promise<number> => {
  const copied: string[] = [];
  const output = createOutput(io, {
    json: options.json === true,
    verbose: options.verbose === true,
    env: io.processEnv,
    ...(log === null ? {} : { copyTo: (text: string) => copied.push(text) }),
  });
  const configFile = resolve(io.cwd, options.config ?? 'rollout.yaml');
  const context: CommandContext = {
    output,
    clock: io.clock,
    signal: io.signal,
    leave: io.leave ?? new AbortController().signal,
    processEnv: io.processEnv,
    cwd: io.cwd,
    configFile,
    typed: io.typed ?? [],
    ...(io.reach === undefined ? {} : { reach: io.reach }),
  };
  const finish = async (exit: number, fields: Record<string, unknown>): Promise<number> => {
    let ended = exit;
    if (log !== null) {
      const file = resolve(configFile, '..', log.name);
      const at = new Date(io.clock.now()).toISOString();
      try {
        await atomicWriteFile(
          file,
          `# dhash-rollout ${command}, ${at}, exit ${exit}\n${copied.join('')}`,
        );
      } catch (error) {
        io.stderr.write(`error: the log ${file} could not be written: ${messageOf(error)}\n`);
        if (exit === exitCodes.done) ended = exitCodes.failed;
      }
    }
    output.event({ type: 'result', command, exit: ended, ...fields });
    return ended;
  };
  try {
    const takeOver = takeOverOf(options);
    const result = await work(takeOver === null ? context : { ...context, takeOver });
    return await finish(result.exit, {
      ...(result.run === undefined ? {} : { run: result.run }),
      ...result.fields,
    });
  } catch (error) {
    // A library that was interrupted says so with an error of its own; why it was is the signal's to say.
    const thrown: unknown = io.signal.aborted && isAbort(error) ? io.signal.reason : error;
    const failure = failureOf(thrown, command);
    const lines = failure.lines.map((line) => visible(output.redact(line)));
    for (const line of lines) {
      io.stderr.write(`${line}\n`);
      copied.push(`${line}\n`);
    }
    if (failure.exit === exitCodes.unexpected && options.verbose === true && error instanceof Error)
      io.stderr.write(`${visible(output.redact(error.stack ?? ''))}\n`);
    return finish(failure.exit, { error: failure.code, message: lines.join('\n') });
  }
};
