import { join } from 'node:path';
import {
  createBackup,
  discardWork,
  putAsideSources,
  type StagedTarget,
  verifyBackup,
} from '@dhash/backup-core';
import type { OpenRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import type { RecordedEvent } from '../record/events.ts';
import { allOf } from '../record/events.ts';
import { tool } from '../tool.ts';

const isTarget = (value: unknown): value is StagedTarget =>
  typeof value === 'object' &&
  value !== null &&
  ['name', 'type', 'live', 'staged', 'previous'].every(
    (field) => typeof (value as Record<string, unknown>)[field] === 'string',
  );

/**
 * What rollbacks on this record put aside and never made safe: staged, swapped in, and neither
 * swapped back nor cleaned up. A swap that was cut off in its middle is not among it: only its own
 * resume may touch those files. Pure.
 */
export const putAsideOnRecord = (events: readonly RecordedEvent[]): StagedTarget[][] => {
  const kept: StagedTarget[][] = [];
  let staged: StagedTarget[] = [];
  for (const event of allOf(events, 'step.done', 'step.undone')) {
    const { type, step } = event;
    if (event.scope !== 'rollback') continue;
    if (event.type === 'step.done' && step === 'stage') {
      const targets: readonly unknown[] = Array.isArray(event.data) ? event.data : [];
      staged = targets.filter(isTarget);
    } else if (type === 'step.done' && step === 'swap') kept.push(staged);
    else if (type === 'step.undone' && step === 'swap') kept.pop();
    else if (type === 'step.done' && step === 'clean') kept.pop();
  }
  return kept;
};

/**
 * Before another rollback begins: what an earlier one, which never came to its end, put aside is
 * zipped into the safety folder, verified, and only then removed. Without this it would lie in a
 * hidden folder that no record names, and the new rollback would say that nothing was written.
 */
export const keepPutAside = async ({
  context,
  environment: { config, shown },
  recorder,
}: OpenRun): Promise<void> => {
  for (const targets of putAsideOnRecord(recorder.events)) {
    const sources = await putAsideSources(targets, { sources: config.data });
    if (sources.length === 0) continue;
    const report = await createBackup({
      dir: join(config.backup.dir, 'safety'),
      root: config.root,
      service: config.service,
      env: config.env,
      release: null,
      migrations: [],
      tag: 'before-rollback',
      sources,
      tool,
      now: context.clock.now,
      signal: context.signal,
      // Its paths are those of the folder it was put aside in, not where it was live.
      rescue: 'none',
    });
    if (report.incomplete.length > 0)
      throw new RolloutError(
        'safety-incomplete',
        exitCodes.failed,
        `what an earlier rollback put aside could not be read whole: ${report.incomplete.slice(0, 5).join('; ')}`,
        { hints: [`it is under ${targets.map(({ previous }) => previous).join(', ')}`] },
      );
    const { sha256 } = await verifyBackup(report.file, { signal: context.signal });
    await recorder.record({ type: 'put-aside.kept', file: report.file, sha256 });
    context.output.line(`what an earlier rollback had put aside is kept: ${shown(report.file)}`);
    await discardWork(targets, { sources: config.data });
  }
};
