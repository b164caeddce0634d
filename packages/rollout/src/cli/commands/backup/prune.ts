import { folderOf } from '../../../backup/retention/after-backup.ts';
import {
  applyRetention,
  gatherRetention,
  planRetention,
  type Removed,
} from '../../../backup/retention/retention.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import type { Environment } from '../../../environment/environment.ts';
import { exitCodes } from '../../../errors.ts';
import { requireNobodyChanges } from '../../../takeover/require-nobody-changes.ts';

/** `backup --prune`: says for each thing why it stays or goes, and, but for a dry run, removes what goes. */
export const prune = async (
  context: CommandContext,
  environment: Environment,
  dryRun: boolean,
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const { output, signal } = context;
  if (!dryRun) await requireNobodyChanges(context, environment);
  const moment = { now: context.clock.now(), own: 'nothing' } as const;
  const plan = planRetention(config, await gatherRetention(config, layout, moment));
  const goes = dryRun ? 'would remove' : 'remove';
  const say = (stays: boolean, name: string, reason: string) =>
    output.line(`${(stays ? 'keep' : goes).padEnd(goes.length)}  ${name}  ${reason}`);
  for (const warning of plan.backups.warnings) output.warn(warning);
  for (const { name, reasons } of plan.backups.keep) say(true, name, reasons.join(', '));
  for (const { name, reasons } of plan.backups.remove) say(false, name, reasons.join(', '));
  for (const { kind, name, stays, reason } of plan.aged)
    say(stays, `${folderOf(kind)}/${name}`, reason);
  say(true, 'rollouts/', 'the record is never removed');
  const nothing: Removed = { backups: [], aged: [] };
  const removed = dryRun ? nothing : await applyRetention(config, plan, signal);
  for (const sentence of removed.snapshotsLeft ?? []) output.warn(sentence);
  return {
    exit: exitCodes.done,
    fields: {
      ...plan.backups,
      aged: plan.aged,
      removed: removed.backups.map(({ name }) => name),
      removedAged: removed.aged.map(({ kind, name }) => `${folderOf(kind)}/${name}`),
    },
  };
};
