import { join, relative } from 'node:path';
import type { ExitCode } from '../errors.ts';
import type { Clock } from '../process/clock.ts';
import type { Output } from '../words/output.ts';
import type { Reach } from './reach.ts';

/** What every command gets from the process that runs it. */
export interface CommandContext {
  readonly output: Output;
  readonly clock: Clock;
  /** Aborted by SIGINT or SIGTERM, with an {@link Interrupted} as its reason. */
  readonly signal: AbortSignal;
  /** Aborted by a second one: whatever is under way is left as it is. */
  readonly leave: AbortSignal;
  readonly processEnv: NodeJS.ProcessEnv;
  /** Folder that paths given on the command line are relative to. */
  readonly cwd: string;
  /** Absolute path of rollout.yaml. */
  readonly configFile: string;
  /** What was typed after the program's name. */
  readonly typed?: readonly string[];
  /** Why a lock whose holder can't be asked may be taken (`--take-over --reason`); none: it may not. */
  readonly takeOver?: string;
  /** Left out: the real target and the real service. */
  readonly reach?: Reach;
}

/** What a command leaves: its exit code, and fields for the `result` line of `--json`. */
export interface CommandResult {
  readonly exit: ExitCode;
  readonly run?: string;
  readonly fields?: Record<string, unknown>;
}

/** The reason of an aborted {@link CommandContext.signal}: which signal a person or a system sent. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exit: ExitCode;
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.exit = signal === 'SIGINT' ? 130 : 143;
  }
}

/** A `dhash-rollout` command for a person to type: with `--config` where this one was given one. */
export const commandHint = (context: CommandContext, command: string): string => {
  const usual = join(context.cwd, 'rollout.yaml');
  const config =
    context.configFile === usual ? '' : ` --config ${relative(context.cwd, context.configFile)}`;
  return `npx dhash-rollout ${command}${config}`;
};

/** As a shell reads it back. */
const quoted = (word: string): string => {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return word === '…' ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`;
};

/** The command that was typed, with more options: those that it has already are left as they are. */
export const typedAgain = ({ typed = [] }: CommandContext, more: readonly string[]): string => {
  const pairs = more.flatMap((word, index) =>
    word.startsWith('--')
      ? [[word, ...(more[index + 1]?.startsWith('--') === false ? [more[index + 1] ?? ''] : [])]]
      : [],
  );
  const added = pairs.filter(
    ([option = '']) => !typed.some((word) => word === option || word.startsWith(`${option}=`)),
  );
  return ['npx dhash-rollout', ...[...typed, ...added.flat()].map(quoted)].join(' ');
};
