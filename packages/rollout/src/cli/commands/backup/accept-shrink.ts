import { basename, resolve } from 'node:path';
import { acceptShrink } from '@dhash/backup-core';
import { exitCodes } from '../../../errors.ts';
import type { CommandContext, CommandResult } from '../../../operate/context.ts';
import { currentUser } from '../../../operate/who.ts';

/** `backup --accept-shrink FILE`: it is right that it shrank; retention may remove older ones again. */
export const acceptShrunken = async (
  context: CommandContext,
  given: string,
  reason: string | null,
): Promise<CommandResult> => {
  const file = resolve(context.cwd, given);
  const by = currentUser(context.processEnv);
  const at = new Date(context.clock.now()).toISOString();
  await acceptShrink(file, { at, by, reason });
  context.output.line(
    `${basename(file)}: accepted by ${by}; the next backup, or --prune, lets the rules remove older ones again`,
  );
  return { exit: exitCodes.done, fields: { file, by, at, reason } };
};
