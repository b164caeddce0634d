import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createBackup, putAsideSources } from '@dhash/backup-core';
import { surveyAll } from '../environment/all-layouts.ts';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { lastOf } from '../record/events.ts';
import type { RecordedRun } from '../record/runs.ts';
import { setAsideCopies } from '../record/set-aside-copies.ts';
import { putAsideOnRecord } from '../rollback/keep-put-aside.ts';
import { tool } from '../tool.ts';

/** The run that a person names, whichever environment it is of. @throws RolloutError (exit 2) where there is none */
export const namedRun = async (context: CommandContext, run: string): Promise<RecordedRun> => {
  const { runs } = await surveyAll(context, null);
  const found = runs.find(({ state }) => state.run === run);
  if (found !== undefined) return found;
  const others = runs.filter(({ state, events }) => setAsideCopies(state.run, events).length > 0);
  throw new RolloutError('no-such-run', exitCodes.usage, `there is no run ${run}`, {
    hints:
      others.length === 0
        ? ['no run that is on record set anything aside']
        : others.slice(0, 5).map(({ state }) => commandHint(context, `salvage ${state.run}`)),
  });
};

/** The zip to look into, and what it is compared with. */
export interface CopyToSalvage {
  readonly file: string;
  readonly base: string | null;
  /** Sentences for whoever looks. */
  readonly notes: readonly string[];
}

/** Zips what a rollback that is not over still keeps beside the data. Its paths and databases are read as they lie. */
const zipPutAside = async (
  context: CommandContext,
  { config }: Environment,
  { events }: RecordedRun,
  scratch: string,
): Promise<CopyToSalvage | null> => {
  const targets = putAsideOnRecord(events).at(-1);
  if (targets === undefined) return null;
  const sources = await putAsideSources(targets, { sources: config.data });
  if (sources.length === 0) return null;
  const { file } = await createBackup({
    ...{ dir: scratch, root: config.root, service: config.service, env: config.env },
    ...{ release: null, migrations: [], sources, tool, rescue: 'none' },
    now: context.clock.now,
    signal: context.signal,
  });
  return {
    file,
    base: lastOf(events, 'rollback.started')?.backup ?? null,
    notes: ['the rollback is not over: what it put aside is read where it lies now'],
  };
};

/**
 * What a run set aside: the copy that is named, else the newest.
 *
 * @param named as typed, absolute
 * @param scratch folder for a zip of what is not zipped yet
 * @throws RolloutError (exit 2) where there is none, or it is gone
 */
export const copyToSalvage = async (
  context: CommandContext,
  environment: Environment,
  recorded: RecordedRun,
  { named, scratch }: { readonly named: string | null; readonly scratch: string },
): Promise<CopyToSalvage> => {
  const { config, shown } = environment;
  const { run } = recorded.state;
  const copies = setAsideCopies(run, recorded.events).map(({ file, base, at }) => ({
    file: resolve(config.root, file),
    base: base === null ? null : resolve(config.root, base),
    at,
  }));
  const chosen = named === null ? copies.at(-1) : copies.find(({ file }) => file === named);
  if (chosen === undefined) {
    const aside =
      named === null ? await zipPutAside(context, environment, recorded, scratch) : null;
    if (aside !== null) return withBase(aside, shown);
    throw new RolloutError(
      'nothing-set-aside',
      exitCodes.usage,
      named === null
        ? `run ${run} set nothing aside`
        : `run ${run} did not set ${shown(named)} aside`,
      { hints: copies.map(({ file }) => `it set aside ${shown(file)}`) },
    );
  }
  if (!existsSync(chosen.file))
    throw new RolloutError(
      'copy-gone',
      exitCodes.usage,
      `what run ${run} set aside at ${chosen.at} is not there any more: ${shown(chosen.file)}. backup.keepFor.safety says how long such copies are kept`,
    );
  const others = copies.filter(({ file }) => file !== chosen.file && existsSync(file));
  return withBase(
    {
      ...chosen,
      notes: others.map(
        ({ file, at }) => `it set aside another one at ${at}: --copy ${shown(file)}`,
      ),
    },
    shown,
  );
};

const withBase = (
  { file, base, notes }: CopyToSalvage,
  shown: (path: string) => string,
): CopyToSalvage =>
  base === null || existsSync(base)
    ? { file, base, notes }
    : {
        file,
        base: null,
        notes: [
          ...notes,
          `the backup ${shown(base)} is not there any more: whatever live has not counts as written since, also what was deleted meanwhile`,
        ],
      };
