import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compareData, createBackup, readManifest, verifyBackup } from '@dhash/backup-core';
import type { OpenRun } from '../environment/open-run.ts';
import { salvageHint } from '../environment/salvage-hint.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { appliedMigrations } from '../migrations/applied.ts';
import { allOf, lastOf } from '../record/events.ts';
import { asJson } from '../record/recorder.ts';
import { foldRun } from '../record/run-state.ts';
import { tool } from '../tool.ts';
import { describeWritten, isAnyWritten } from '../words/describe-written.ts';

/** Whether what is live was set aside since the release was started last: an undo that was cut off does it once. */
const isSetAside = ({ recorder: { events } }: OpenRun): boolean => {
  const kept = lastOf(events, 'data.set-aside');
  const started = allOf(events, 'step.started').findLast(({ step }) => step === 'start');
  return kept !== undefined && kept.seq > (started?.seq ?? 0);
};

/** What is live, as a verified zip in the safety folder. */
export interface LiveCopy {
  readonly file: string;
  readonly sha256: string;
}

/**
 * Zips what is live into the safety folder and verifies the zip; null where there is no data.
 *
 * @param before what is about to change the data, for the error
 * @throws BackupError, RolloutError `safety-incomplete`: nothing may be changed then
 */
export const copyLive = async (
  { context, environment: { config } }: Pick<OpenRun, 'context' | 'environment'>,
  {
    release,
    tag,
    before,
    signal,
  }: {
    readonly release: string | null;
    readonly tag: string;
    readonly before: string;
    readonly signal: AbortSignal;
  },
): Promise<LiveCopy | null> => {
  const sources = liveSourcesOf(config);
  if (sources.length === 0) return null;
  const report = await createBackup({
    dir: join(config.backup.dir, 'safety'),
    root: config.root,
    service: config.service,
    env: config.env,
    release,
    migrations: await appliedMigrations(config),
    tag,
    sources,
    tool,
    now: context.clock.now,
    signal,
    rescue: 'none',
  });
  if (report.incomplete.length > 0)
    throw new RolloutError(
      'safety-incomplete',
      exitCodes.failed,
      `what is live could not be read whole before ${before}: ${report.incomplete.slice(0, 5).join('; ')}`,
      { hints: [`nothing of the data was changed; mend what is named, and try ${before} again`] },
    );
  const { sha256 } = await verifyBackup(report.file);
  return { file: report.file, sha256 };
};

const liveSourcesOf = ({ data }: OpenRun['environment']['config']) =>
  data.filter((source) => !('path' in source) || existsSync(source.path));

/**
 * Before an undo changes data that a release has written to: zips what is live into the safety folder, verifies the
 * zip, and says what it holds that the run's own backup does not. The service is stopped.
 *
 * @throws BackupError, RolloutError `safety-incomplete`: nothing may be undone then
 */
export const setAside = async (
  open: OpenRun,
  { release }: { readonly release: string | null },
): Promise<void> => {
  const { context, environment, recorder } = open;
  const { config, shown } = environment;
  if (isSetAside(open)) return;
  // An undo goes on after Ctrl-C.
  const { signal } = new AbortController();
  const kept = await copyLive(open, { release, tag: 'before-undo', before: 'the undo', signal });
  if (kept === null) return;
  const own = foldRun(recorder.run, recorder.events)?.backup ?? null;
  const backup = own === null ? null : resolve(config.root, own);
  const written =
    backup !== null && existsSync(backup)
      ? await compareData(await readManifest(backup), liveSourcesOf(config))
      : null;
  await recorder.record({ type: 'data.set-aside', ...kept, written: asJson(written) });
  context.output.line(
    `  what was live is set aside: ${shown(kept.file)}${written === null ? '' : ` (since the backup: ${describeWritten(written)})`}`,
  );
  if (written !== null && isAnyWritten(written))
    context.output.line(
      `  to look at what was written, and to put it back: ${salvageHint(context, recorder.run)}`,
    );
};
