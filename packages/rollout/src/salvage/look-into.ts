import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findSalvage } from '@dhash/backup-core';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import { type Environment, openEnvironment } from '../environment/environment.ts';
import { exitCodes } from '../errors.ts';
import { openScratch } from '../process/scratch.ts';
import type { RecordedRun } from '../record/runs.ts';
import { type CopyToSalvage, copyToSalvage, namedRun } from './find-copy.ts';
import { countsOf, insertable, showSalvage } from './show-salvage.ts';
import { requireEmpty, writeReview } from './write-review.ts';

/** What every salvage is about. */
export interface SalvageRequest {
  readonly run: string;
  /** Another copy than the newest that the run set aside. Absolute. */
  readonly copy: string | null;
  readonly full: boolean;
}

/** A run, its environment, the copy, and a folder for what is found; all of that goes when the work is done. */
export interface OpenSalvage {
  readonly environment: Environment;
  readonly recorded: RecordedRun;
  readonly copy: CopyToSalvage;
  /** Empty. */
  readonly work: string;
}

/** Opens what a run set aside, for as long as the work takes. */
export const withCopy = async <T>(
  context: CommandContext,
  { run, copy: named }: SalvageRequest,
  work: (open: OpenSalvage) => Promise<T>,
): Promise<T> => {
  const recorded = await namedRun(context, run);
  const environment = await openEnvironment(context, recorded.state.env);
  // Beside the backups: as safe a place as theirs.
  const scratch = await openScratch(environment.config.backup.dir);
  try {
    const folder = join(scratch.folder, 'found');
    await mkdir(folder, { mode: 0o700 });
    const copy = await copyToSalvage(context, environment, recorded, {
      named,
      scratch: join(scratch.folder, 'aside'),
    });
    const { shown } = environment;
    context.output.line(`what ${run} set aside: ${shown(copy.file)}`);
    if (copy.base !== null)
      context.output.line(`written since: what it holds and ${shown(copy.base)} does not`);
    for (const note of copy.notes) context.output.line(`note: ${note}`);
    return await work({ environment, recorded, copy, work: folder });
  } finally {
    await scratch.remove();
  }
};

/** Shows what was written since, and writes it out where that is asked for; nothing live is changed. */
export const lookIntoCopy = (
  context: CommandContext,
  request: SalvageRequest & { readonly out: string | null },
): Promise<CommandResult> =>
  withCopy(context, request, async ({ environment, copy, work }) => {
    const { output, signal } = context;
    const { out, full, run } = request;
    if (out !== null) await requireEmpty(out);
    const { file, base } = copy;
    const sources = environment.config.data;
    const found = await findSalvage({ copy: file, base, sources, work, signal });
    await showSalvage(output, found, { full });
    if (out !== null) {
      const written = await writeReview(out, found, { copy: file, signal });
      output.line(
        written.length === 0
          ? `nothing was written since: nothing is in ${environment.shown(out)}`
          : `to look through in ${environment.shown(out)}: ${written.join(', ')}`,
      );
    }
    const { tables, files } = insertable(found);
    const [table] = tables;
    output.line('dry run: nothing was changed');
    if (table !== undefined)
      output.line(
        `to put rows in: ${commandHint(context, `salvage ${run} --apply --table ${quoted(table)}`)}`,
      );
    if (files > 0)
      output.line(
        `to put files in: ${commandHint(context, `salvage ${run} --apply --files '**'`)}`,
      );
    return {
      exit: exitCodes.done,
      fields: {
        ...{ dryRun: true, of: run, copy: environment.shown(file) },
        base: base === null ? null : environment.shown(base),
        found: countsOf(found),
      },
    };
  });

const quoted = (table: string): string =>
  /^[\w.-]+$/.test(table) ? table : `'${table.replaceAll("'", `'\\''`)}'`;
