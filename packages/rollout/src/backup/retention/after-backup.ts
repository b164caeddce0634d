import type { EnvironmentConfig } from '../../config/types.ts';
import type { CommandContext } from '../../environment/context.ts';
import { messageOf } from '../../errors.ts';
import { layoutOf } from '../../record/layout.ts';
import { sweepFetched } from '../copies/fetched-folder.ts';
import { applyRetention, gatherRetention, planRetention, type Removed } from './retention.ts';

const NOTHING: Removed = { backups: [], aged: [] };

/**
 * Retention after a backup that verified. That it cannot decide (a record does not verify, a file cannot be
 * removed) is said, and is no fault of the backup: nothing more is removed then.
 */
export const retainAfterBackup = async (
  context: CommandContext,
  config: EnvironmentConfig,
): Promise<Removed> => {
  const { output, signal, clock } = context;
  const layout = layoutOf(config.root, config.state);
  try {
    const facts = await gatherRetention(config, layout, {
      now: clock.now(),
      own: 'newest backup',
    });
    const plan = planRetention(config, facts);
    const isAsked = Object.keys(config.backup.keep).length > 0 || facts.bounds !== null;
    // Without a policy every backup stays: that is no news after each of them.
    if (isAsked) for (const warning of plan.backups.warnings) output.warn(warning);
    const removed = await applyRetention(config, plan, signal);
    for (const { name, reasons } of removed.backups)
      output.line(`removed ${name}: ${reasons.join(', ')}`);
    for (const sentence of removed.snapshotsLeft ?? []) output.warn(sentence);
    for (const { kind, name, reason } of removed.aged)
      output.line(`removed ${folderOf(kind)}/${name}: ${reason}`);
    for (const name of await sweepFetched({ config, layout }, clock.now()))
      output.line(`removed fetched/${name}: no open run names it`);
    return removed;
  } catch (error) {
    if (signal.aborted) throw error;
    output.warn(`the backup stands, but nothing old was removed: ${messageOf(error)}`);
    return NOTHING;
  }
};

/** The folder that a person knows it by. */
export const folderOf = (kind: Removed['aged'][number]['kind']): string =>
  kind === 'monitorLogs' ? 'monitor_logs' : kind;
