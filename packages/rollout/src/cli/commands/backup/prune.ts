import { applyPrune, listBackups, planPrune } from '@dhash/backup-core';
import { exitCodes } from '../../../errors.ts';
import type { CommandContext, CommandResult } from '../../../operate/context.ts';
import type { Environment } from '../../../operate/environment.ts';
import { pinnedBackups } from '../../../operate/pinned-backups.ts';

/** `backup --prune` */
export const prune = async (
  context: CommandContext,
  { config, layout }: Environment,
  dryRun: boolean,
): Promise<CommandResult> => {
  const backups = (await listBackups(config.backup.dir)).filter(({ env }) => env === config.env);
  const pinned = await pinnedBackups(layout, config.env);
  const plan = planPrune(backups, config.backup.keep, { now: context.clock.now(), pinned });
  for (const warning of plan.warnings) context.output.warn(warning);
  for (const { name, reasons } of plan.keep)
    context.output.line(`keep    ${name}  ${reasons.join(', ')}`);
  for (const { name, reasons } of plan.remove)
    context.output.line(`${dryRun ? 'would remove' : 'remove'}  ${name}  ${reasons.join(', ')}`);
  const removed = dryRun ? [] : await applyPrune(config.backup.dir, plan);
  return { exit: exitCodes.done, fields: { ...plan, removed } };
};
