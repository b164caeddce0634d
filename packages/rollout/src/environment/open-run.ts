import { currentHost, currentUser } from '../process/who.ts';
import type { RunEvent } from '../record/events.ts';
import { placeRun } from '../record/place-run.ts';
import { asJson, openRecorder, type Recorder } from '../record/recorder.ts';
import type { RunKind } from '../record/run-id.ts';
import { linkRuns } from '../record/run-links.ts';
import { tool } from '../tool.ts';
import type { CommandContext } from './context.ts';
import type { Environment } from './environment.ts';
import type { EventStanding } from './event-standing.ts';
import type { HeldLock } from './lock.ts';

/** Sends a run's messages beside it: `announce` returns at once, and `settle` waits for those still under way. */
export interface Announcer {
  /** `standing` left out: nothing is said of who must act. */
  announce(
    event: string,
    variables: Readonly<Record<string, string>>,
    standing?: EventStanding,
  ): void;
  /** What is not through in time stays in the spool, and the next flush delivers it. */
  settle(): Promise<void>;
}

/** A run that this process works on: everything that its steps need, held from the lock to its release. */
export interface OpenRun {
  readonly context: CommandContext;
  readonly environment: Environment;
  readonly recorder: Recorder;
  readonly lock: HeldLock;
  readonly announcer: Announcer;
}

export interface NewRun {
  readonly run: string;
  readonly kind: RunKind;
  /** The release that the run is about; left out where it is about none. */
  readonly version?: string | null;
}

/** The recorder of a run, new or old, that hides what the command must not show. */
export const recorderOf = async (
  context: CommandContext,
  { layout }: Environment,
  run: string,
): Promise<Recorder> => {
  await linkRuns(layout);
  return openRecorder(layout, run, { now: context.clock.now, redact: context.output.redact });
};

/** Begins a run: its first line says what it is, of which service, made by whom and with which tool. */
export const beginRun = async (
  context: CommandContext,
  environment: Environment,
  { run, kind, version }: NewRun,
): Promise<Recorder> => {
  const { env, service } = environment.config;
  const placed = await placeRun(environment.layout, run, kind);
  if (placed !== null) context.output.warn(placed);
  const recorder = await recorderOf(context, environment, run);
  try {
    await recorder.record({
      type: 'run.opened',
      kind,
      env,
      service,
      ...(version === undefined ? {} : { version }),
      tool: asJson(tool),
      user: currentUser(context.processEnv),
      host: currentHost(),
    });
    return recorder;
  } catch (error) {
    await recorder.close();
    throw error;
  }
};

/** Ends a run: its messages are waited for first, since nothing may follow its last line. */
export const closeRun = async (
  { recorder, announcer }: Pick<OpenRun, 'recorder' | 'announcer'>,
  closing: Omit<RunEvent<'run.closed'>, 'type'>,
): Promise<void> => {
  await announcer.settle();
  await recorder.record({ type: 'run.closed', ...closing });
};
