import { type PutSource, putSalvage, readManifest, type SalvageChoice } from '@dhash/backup-core';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import { holding } from '../environment/lock.ts';
import { beginRun, closeRun, type OpenRun } from '../environment/open-run.ts';
import { exitCodes, messageOf } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import { newRunId } from '../record/run-id.ts';
import { mayDo } from '../record/ways-out.ts';
import { copyLive } from '../rollback/set-aside.ts';
import { refusal, situationNow } from '../takeover/require-way-out.ts';
import { chosenBy, requireTables } from './choose.ts';
import { type OpenSalvage, type SalvageRequest, withCopy } from './look-into.ts';
import { countsOf, showSalvage } from './show-salvage.ts';

export interface PutRequest extends SalvageRequest {
  readonly tables: readonly string[];
  /** Globs. */
  readonly files: readonly string[];
}

/** Refusals of rows that are listed. */
const mostRefused = 5;

/** Puts what was chosen in, under the lock and on a record of its own, after what is live was copied. */
export const putBack = (context: CommandContext, request: PutRequest): Promise<CommandResult> =>
  withCopy(context, request, async (salvage) => {
    const { environment } = salvage;
    const { config, lockFile } = environment;
    const { env } = config;
    const choice = chosenBy(request);
    requireTables(await readManifest(salvage.copy.file), request.tables);
    const run = newRunId(context.clock.now(), env, 'salvage');
    const lockRequest = { lockFile, command: 'salvage', env, run, role: 'change' } as const;
    return holding(context, lockRequest, async (lock) => {
      const situation = await situationNow(environment, lock);
      if (!mayDo('salvage', situation).go)
        throw await refusal(context, environment, 'salvage', situation);
      const recorder = await beginRun(context, environment, { run, kind: 'salvage' });
      return workOnRun(context, environment, { lock, recorder }, (open) =>
        putOn(open, salvage, request, choice),
      );
    });
  });

const putOn = async (
  open: OpenRun,
  salvage: OpenSalvage,
  request: PutRequest,
  choice: SalvageChoice,
): Promise<CommandResult> => {
  const { recorder, context } = open;
  try {
    return await putAndClose(open, salvage, request, choice);
  } catch (error) {
    // Each source was put in whole or not at all, and those that were are on the record.
    await closeRun(open, { outcome: 'aborted', reason: messageOf(error) });
    if (context.signal.aborted) throw context.signal.reason;
    context.output.line(`run ${recorder.run} says how far this came; done again, it goes on`);
    throw error;
  }
};

const putAndClose = async (
  open: OpenRun,
  { environment, copy, work }: OpenSalvage,
  { run: of, tables, files, full }: PutRequest,
  choice: SalvageChoice,
): Promise<CommandResult> => {
  const { context, recorder } = open;
  const { output, signal } = context;
  const { config, shown, target } = environment;
  const release = await target({ runId: recorder.run, version: null, previous: null }).current();
  const live = await copyLive(open, {
    release,
    tag: 'before-salvage',
    before: 'the salvage',
    signal,
  });
  if (live !== null) output.line(`what is live is copied first: ${shown(live.file)}`);
  await recorder.record({
    ...{ type: 'salvage.started', of, copy: copy.file, base: copy.base },
    ...{ tables: [...tables], files: [...files] },
    ...{ safety: live?.file ?? null, sha256: live?.sha256 ?? null },
    user: currentUser(context.processEnv),
  });
  const { found, put } = await putSalvage({
    ...{ copy: copy.file, base: copy.base, sources: config.data, work, signal, choice },
    id: recorder.run,
    onPut: async (one) => {
      await recorder.record({ type: 'salvage.put', source: one.name, put: countsIn(one) });
    },
  });
  await showSalvage(output, found, { full });
  for (const one of put) tellPut(open, one);
  if (put.length === 0)
    output.line(
      'nothing was put in: of what was chosen, nothing is missing without standing against something',
    );
  await closeRun(open, { outcome: 'done' });
  return {
    exit: exitCodes.done,
    run: recorder.run,
    fields: {
      ...{ of, copy: shown(copy.file), safety: live === null ? null : shown(live.file) },
      found: countsOf(found),
      put: Object.fromEntries(put.map((one) => [one.name, countsIn(one)])),
    },
  };
};

const countsIn = (put: PutSource): { what: string; in: number; out: number }[] =>
  put.kind === 'files'
    ? [{ what: 'files', in: put.put.length, out: put.kept.length }]
    : put.tables.map(({ table, inserted, refused }) => ({
        ...{ what: table, in: inserted, out: refused.length },
      }));

const tellPut = ({ context: { output } }: OpenRun, put: PutSource): void => {
  if (put.kind === 'files') {
    output.line(`${put.name}: ${put.put.length} files put in`);
    if (put.kept.length > 0)
      output.line(`${put.name}: something is in the way of ${put.kept.join(', ')}: left out`);
    return;
  }
  for (const { table, inserted, refused } of put.tables) {
    output.line(`${put.name}.${table}: ${inserted} rows put in, ${refused.length} refused`);
    for (const { why } of refused.slice(0, mostRefused))
      output.line(`  ! the database refused a row: ${why.split('\n', 1)[0]}`);
    if (refused.length > mostRefused) output.line(`  ! and ${refused.length - mostRefused} more`);
  }
};
