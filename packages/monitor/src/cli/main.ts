import { constants } from 'node:os';
import { openDroppingOutput } from '../output/open-dropping-output.ts';
import { plain } from '../view/format.ts';
import { readArguments, usage } from './read-arguments.ts';
import { runLook } from './run-look.ts';
import { runWatch } from './run-watch.ts';

/** What is left to say at the end goes out within this, or not at all. */
const lastWordsMs = 2000;

const usageExit = 2;
const faultExit = 70;

/** Errors that say what is wrong with what was asked: a gates file, an environment, a log. */
const isAboutInput = (error: unknown): error is Error =>
  error instanceof Error && ('code' in error || 'issues' in error);

const listenForSignals = () => {
  const stop = new AbortController();
  let received: NodeJS.Signals | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    received ??= signal;
    stop.abort(new Error(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return {
    signal: stop.signal,
    interruptedExit: () => 128 + constants.signals[received ?? 'SIGINT'],
  };
};

/** The command line of a watch; `version` is its own. Gives the exit code. */
export const main = async (args: readonly string[], version: string): Promise<number> => {
  const out = openDroppingOutput(1);
  const errors = openDroppingOutput(2);
  const say = (text: string) => void out.write(`${text}\n`);
  const end = async (code: number): Promise<number> => {
    await Promise.all([out.end(lastWordsMs), errors.end(lastWordsMs)]);
    return code;
  };
  const fail = (message: string, code: number) => {
    errors.write(`error: ${plain(message)}\n`);
    return end(code);
  };
  const asked = readArguments(args);
  if (asked.kind === 'help') {
    out.write(usage);
    return end(0);
  }
  if (asked.kind === 'version') {
    say(version);
    return end(0);
  }
  if (asked.kind === 'wrong') return fail(`${asked.message}; see dhash-monitor --help`, usageExit);

  const { signal, interruptedExit } = listenForSignals();
  const { format } = asked;
  const options = { ...asked.options, signal };
  try {
    const exit =
      asked.kind === 'look'
        ? await runLook(options, format, say)
        : await runWatch(options, { format, interruptedExit }, say);
    return await end(exit);
  } catch (error) {
    if (signal.aborted) return end(interruptedExit());
    if (isAboutInput(error)) return fail(error.message, usageExit);
    return fail(error instanceof Error ? (error.stack ?? error.message) : String(error), faultExit);
  }
};
