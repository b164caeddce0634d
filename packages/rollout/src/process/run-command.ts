import { type ChildProcess, spawn } from 'node:child_process';
import { type CommandOutput, type OutputFate, openOutput } from './command-output.ts';
import type { OutputPlace } from './output-place.ts';

/** From TERM to KILL, ms. */
const defaultGraceMs = 5_000;

export interface CommandRequest {
  /** A text goes through the shell, a list runs as it stands. */
  readonly command: string | readonly string[];
  readonly cwd: string;
  /** Added to this process's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of this process's variables that the command does not get. */
  readonly withheld?: readonly string[];
  /** Where its output goes by name; none: a file without a name, gone with the command. */
  readonly log?: OutputPlace;
  /** True where it leaves a process behind that goes on writing: it then never writes to a pipe of ours. */
  readonly isLeftBehind?: boolean;
  /** Longest run, ms; then the group ends and `timedOut` is true. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Gets standard output and error as they come. */
  readonly onOutput?: ((text: string) => void) | undefined;
  /** From TERM to KILL, ms. Default 5 s. */
  readonly graceMs?: number;
}

export interface CommandResult extends OutputFate {
  /** `null` where a signal ended it. */
  readonly exit: number | null;
  readonly signal: string | null;
  /** The last 64 K characters of what it wrote, standard output and error as they came. */
  readonly output: string;
  /** The last 64 K characters of standard output alone. */
  readonly stdout: string;
  readonly timedOut: boolean;
}

/** A command that could not be started at all: no such program, no such folder. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'not-started';
}

/** True for a CommandError of any copy of this package. */
export const isCommandError = (error: unknown): error is CommandError =>
  error instanceof Error && error.name === 'CommandError';

/** The command as a person would type it. */
export const shownCommand = (command: string | readonly string[]): string =>
  typeof command === 'string' ? command : command.join(' ');

/** Signals a whole process group. False: nothing of it is left. */
const signalGroup = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-pid, name);
    return true;
  } catch (error) {
    // ESRCH: the group is gone. EPERM (macOS): only zombies are left of it.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
};

const pollMs = 20;

/** TERM, then KILL after the grace; resolves when no process of the group is left. */
const endGroup = async (pid: number, graceMs: number): Promise<void> => {
  const startedMs = performance.now();
  let killed = false;
  for (let alive = signalGroup(pid, 'SIGTERM'); alive; alive = signalGroup(pid, 0)) {
    if (!killed && performance.now() - startedMs >= graceMs) {
      killed = true;
      signalGroup(pid, 'SIGKILL');
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
};

/** This process's own environment without what only others need. */
const handedOn = (withheld: readonly string[]): NodeJS.ProcessEnv => {
  const names = new Set(withheld);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.has(name)));
};

const cannotRun = ({ command, cwd }: CommandRequest, cause: unknown): CommandError => {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CommandError(`cannot run ${shownCommand(command)} in ${cwd}: ${why}`, { cause });
};

/** The child, or why there is none: what it is given may be refused before anything is started. */
const spawned = (
  request: CommandRequest,
  program: string,
  args: readonly string[],
  stdio: CommandOutput['stdio'],
): ChildProcess | CommandError => {
  const { command, cwd, env, withheld = [] } = request;
  try {
    return spawn(program, args, {
      cwd,
      env: { ...handedOn(withheld), ...env },
      // Its own group (POSIX): ended as one, and out of reach of the terminal's Ctrl-C, which is ours to handle.
      detached: true,
      stdio: [...stdio],
      shell: typeof command === 'string',
    });
  } catch (cause) {
    return cannotRun(request, cause);
  }
};

/**
 * Runs a command in a process group of its own. It counts as done when it exits, not when the last
 * holder of its output goes: what it left running (a daemon) lives on. On timeout or abort the whole
 * group has ended before this returns.
 *
 * @throws {CommandError} where it could not be started.
 * @throws the signal's reason where it was aborted.
 */
export const runCommand = async (request: CommandRequest): Promise<CommandResult> => {
  const { command, timeoutMs, signal, onOutput, graceMs = defaultGraceMs } = request;
  signal?.throwIfAborted();
  const { log = null, isLeftBehind = false } = request;
  const output = openOutput({ place: log, isLeftBehind, onOutput });
  const [program = '', ...args] = typeof command === 'string' ? [command] : command;
  const child = spawned(request, program, args, output.stdio);
  if (child instanceof CommandError) {
    await output.close();
    throw child;
  }
  output.attach(child.stdout, child.stderr);

  let ending: Promise<void> | null = null;
  let timedOut = false;
  const end = () => {
    if (child.pid !== undefined) ending ??= endGroup(child.pid, graceMs);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  signal?.addEventListener('abort', end, { once: true });

  try {
    const ended = await new Promise<{ exit: number | null; signal: string | null }>(
      (resolve, reject) => {
        child.once('error', (cause) => reject(cannotRun(request, cause)));
        child.once('exit', (exit, name) => resolve({ exit, signal: name }));
      },
    );
    await ending;
    const fate = await output.close();
    signal?.throwIfAborted();
    return { ...ended, ...output.read(), ...fate, timedOut };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    await output.close();
  }
};
