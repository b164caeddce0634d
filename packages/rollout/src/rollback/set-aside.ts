import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { compareData, createBackup, readManifest, verifyBackup } from '@dhash/backup-core';
import type { OpenRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { appliedMigrations } from '../migrations/applied.ts';
import { allOf, lastOf } from '../record/events.ts';
import { asJson } from '../record/recorder.ts';
import { foldRun } from '../record/run-state.ts';
import { tool } from '../tool.ts';
import { describeWritten } from '../words/describe-written.ts';

/** Whether what is live was set aside since the release was started last: an undo that was cut off does it once. */
const isSetAside = ({ recorder: { events } }: OpenRun): boolean => {
  const kept = lastOf(events, 'data.set-aside');
  const started = allOf(events, 'step.started').findLast(({ step }) => step === 'start');
  return kept !== undefined && kept.seq > (started?.seq ?? 0);
};

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
  const sources = config.data.filter((source) => !('path' in source) || existsSync(source.path));
  if (sources.length === 0 || isSetAside(open)) return;
  const report = await createBackup({
    dir: join(config.backup.dir, 'safety'),
    root: config.root,
    service: config.service,
    env: config.env,
    release,
    migrations: await appliedMigrations(config),
    tag: 'before-undo',
    sources,
    tool,
    now: context.clock.now,
    // An undo goes on after Ctrl-C.
    signal: new AbortController().signal,
    rescue: 'none',
  });
  if (report.incomplete.length > 0)
    throw new RolloutError(
      'safety-incomplete',
      exitCodes.failed,
      `what is live could not be read whole before the undo: ${report.incomplete.slice(0, 5).join('; ')}`,
      { hints: ['nothing of the data was changed; mend what is named, and try the undo again'] },
    );
  const { sha256 } = await verifyBackup(report.file);
  const own = foldRun(recorder.run, recorder.events)?.backup ?? null;
  const backup = own === null ? null : resolve(config.root, own);
  const written =
    backup !== null && existsSync(backup)
      ? await compareData(await readManifest(backup), sources)
      : null;
  await recorder.record({
    type: 'data.set-aside',
    file: shown(report.file),
    sha256,
    written: asJson(written),
  });
  context.output.line(
    `  what was live is set aside: ${shown(report.file)}${written === null ? '' : ` (since the backup: ${describeWritten(written)})`}`,
  );
};
