import { constants } from 'node:os';
import { openDroppingOutput } from '../output/open-dropping-output.ts';
import { watchService } from '../service/watch-service.ts';
import { plain } from '../view/format.ts';
import { renderEventLine } from '../view/render-event-line.ts';
import type { WatchEvent, WatchOutcome } from '../watch/watch-event.ts';
import { readArguments, usage } from './read-arguments.ts';

/** What is left to say at the end goes out within this, or not at all. */
const lastWordsMs = 2000;

const exitCodes: Readonly<Record<WatchOutcome['decision'], number>> = {
  promote: 0,
  // Told, and nothing more: whoever wants it to fail a job gives the gate another onBreak.
  advise: 0,
  inconclusive: 3,
  rollback: 5,
  freeze: 5,
  alert: 5,
  interrupted: 130,
  'stood-down': 130,
};
const usageExit = 2;
const faultExit = 70;

/** Errors that say what is wrong with what was asked: a gates file, an environment, a log. */
const isAboutInput = (error: unknown): error is Error =>
  error instanceof Error && ('code' in error || 'issues' in error);

const listenForSignals = () => {
  const stop = new AbortController();
  const state: { signal: NodeJS.Signals | null } = { signal: null };
  const onSignal = (signal: NodeJS.Signals) => {
    state.signal ??= signal;
    stop.abort(new Error(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  return { stop, state };
};

/** The command line of a watch; gives the exit code. */
export const main = async (args: readonly string[]): Promise<number> => {
  const out = openDroppingOutput(1);
  const errors = openDroppingOutput(2);
  const say = (text: string) => out.write(`${text}\n`);
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
  if (asked.kind === 'wrong') return fail(`${asked.message}; see dhash-monitor --help`, usageExit);

  const { stop, state } = listenForSignals();
  let startedAt: number | null = null;
  const onEvent = (event: WatchEvent) => {
    if (event.type === 'poll' || event.type === 'missed') startedAt ??= event.sample.at;
    say(
      asked.format === 'json'
        ? JSON.stringify(event)
        : renderEventLine(event, { startedAt: startedAt ?? 0 }),
    );
  };
  try {
    const { decision, assessment } = await watchService({
      ...asked.options,
      onEvent,
      signal: stop.signal,
    });
    const code =
      state.signal === null ? exitCodes[decision] : 128 + constants.signals[state.signal];
    say(
      asked.format === 'json'
        ? JSON.stringify({ type: 'result', decision, reasons: assessment.reasons, exit: code })
        : plain([decision, ...assessment.reasons].join(': ')),
    );
    return await end(code);
  } catch (error) {
    if (isAboutInput(error)) return fail(error.message, usageExit);
    return fail(error instanceof Error ? (error.stack ?? error.message) : String(error), faultExit);
  }
};
