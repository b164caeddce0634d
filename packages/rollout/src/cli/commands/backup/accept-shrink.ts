import { basename, dirname, resolve } from 'node:path';
import { acceptShrink, readManifest, surveyBackups } from '@dhash/backup-core';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';
import { currentUser } from '../../../process/who.ts';

/** @throws RolloutError (exit 2) where no figure of a backup is smaller than in the one before, or that was accepted */
const requireShrunken = async (file: string, given: string): Promise<void> => {
  const { service, env } = await readManifest(file);
  const around = await surveyBackups(dirname(file), { service, env, maxShrink: 0 });
  const found = around.find(({ name }) => name === basename(file));
  if (found !== undefined && found.shrunken.length > 0) return;
  throw new RolloutError(
    'not-shrunken',
    exitCodes.usage,
    `there is nothing to accept: ${given} holds no less than the backup before it, or that was accepted already`,
    { hints: [`backup --env ${env} --list   says SHRANK where a backup did`] },
  );
};

/** `backup --accept-shrink FILE`: it is right that it shrank; retention may remove older ones again. */
export const acceptShrunken = async (
  context: CommandContext,
  given: string,
  reason: string | null,
): Promise<CommandResult> => {
  const file = resolve(context.cwd, given);
  const by = currentUser(context.processEnv);
  const at = new Date(context.clock.now()).toISOString();
  await requireShrunken(file, given);
  await acceptShrink(file, { at, by, reason });
  context.output.line(
    `${basename(file)}: accepted by ${by}; the next backup, or --prune, lets the rules remove older ones again`,
  );
  return { exit: exitCodes.done, fields: { file, by, at, reason } };
};
