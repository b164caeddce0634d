import { join } from 'node:path';
import { atomicWriteFile, makeFolder } from '@dhash/journal';
import type { OpenRun } from '../environment/open-run.ts';
import { messageOf } from '../errors.ts';
import { foldRun } from '../record/run-state.ts';

/**
 * Writes the incident of a rollback that could not begin, beside those of the ones that did. That it can't be
 * written is a warning: it is for people.
 *
 * @returns the folder as people read it; `null`: it could not be written
 */
export const writeFailureIncident = async (
  { context, environment, recorder }: OpenRun,
  { error, state }: { readonly error: string; readonly state: string },
): Promise<string | null> => {
  const { config, layout, shown } = environment;
  const folder = layout.run(recorder.run).incident;
  const { version, previous, backup } = foldRun(recorder.run, recorder.events) ?? {};
  const record = {
    format: 1,
    run: recorder.run,
    at: new Date(context.clock.now()).toISOString(),
    head: recorder.head,
    service: config.service,
    env: config.env,
    outcome: { kind: 'not-rolled-back', error },
    state,
    backup: backup ?? null,
    release: { from: version ?? null, to: previous ?? null },
  };
  try {
    await makeFolder(folder);
    await atomicWriteFile(join(folder, 'record.json'), `${JSON.stringify(record, null, 2)}\n`);
    context.output.line(`incident: ${shown(folder)}`);
    return shown(folder);
  } catch (cause) {
    context.output.warn(`the incident could not be written: ${messageOf(cause)}`);
    return null;
  }
};
