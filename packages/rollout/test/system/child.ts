import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { programFile } from './program.ts';
import type { Project } from './project.ts';

/** A command in a process of its own, under way. */
export interface Child {
  readonly process: ChildProcess;
  /** What it wrote so far. */
  out(): string;
  err(): string;
  /** Its exit code; the name of the signal where one ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves once its output, standard and error, holds the text; rejects where it ends before. */
  says(text: string): Promise<void>;
}

/** Starts `dhash-rollout`, as a person at another terminal would. */
export const startChild = (
  project: Pick<Project, 'root' | 'processEnv'>,
  argv: readonly string[],
  env: Record<string, string> = {},
): Child => startChildUnder([], project, argv, env);

/** The same, started by another program: `['setpriv', …]`. */
export const startChildUnder = (
  prefix: readonly string[],
  project: Pick<Project, 'root' | 'processEnv'>,
  argv: readonly string[],
  env: Record<string, string> = {},
): Child => {
  const command = [...prefix, process.execPath, programFile(), ...argv];
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: project.root,
    env: { ...project.processEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = once(child, 'close').then(
    ([exit, signal]) => (exit ?? signal) as number | NodeJS.Signals,
  );
  let isGone = false;
  const gone = ended.then(() => {
    isGone = true;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  return {
    process: child,
    out: () => out,
    err: () => err,
    ended,
    says: async (text) => {
      while (!`${out}${err}`.includes(text)) {
        if (isGone) throw new Error(`it ended and never said "${text}":\n${out}${err}`);
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), gone]);
      }
    },
  };
};
