import { currentHost, currentUser } from '../process/who.ts';
import { asJson, openRecorder, type Recorder } from '../record/recorder.ts';
import type { RunKind } from '../record/run-id.ts';
import { tool } from '../tool.ts';
import type { CommandContext } from './context.ts';
import type { Environment } from './environment.ts';

export interface NewRun {
  readonly run: string;
  readonly kind: RunKind;
  /** The release that the run is about; left out where it is about none. */
  readonly version?: string | null;
}

/** The recorder of a run, new or old, that hides what the command must not show. */
export const recorderOf = (
  context: CommandContext,
  { layout }: Environment,
  run: string,
): Promise<Recorder> =>
  openRecorder(layout, run, { now: context.clock.now, redact: context.output.redact });

/** Begins a run: its first line says what it is, of which service, made by whom and with which tool. */
export const openRun = async (
  context: CommandContext,
  environment: Environment,
  { run, kind, version }: NewRun,
): Promise<Recorder> => {
  const { env, service } = environment.config;
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
