import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { newestUsable } from '../backup/newest-usable.ts';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import type { Situation } from '../record/standing.ts';
import { wayOutCommand } from '../record/way-out-command.ts';
import { waysOut } from '../record/ways-out.ts';

/** The backup that a rollback would take now: the open run's own, else the newest that can be relied on. */
export const wayBackOf = async (
  { clock }: Pick<CommandContext, 'clock'>,
  { config }: Environment,
  { state }: Situation,
): Promise<string | null> => {
  if (config.data.length === 0) return null;
  const own = state === null || state.closed ? null : state.backup;
  const file = own === null ? null : resolve(config.root, own);
  if (file !== null && existsSync(file)) return file;
  return (await newestUsable(config, clock.now()))?.file ?? null;
};

/** What is accepted now, as commands that can be pasted, with what each does; the recommended first. */
export const wayOutLines = async (
  context: CommandContext,
  environment: Environment,
  situation: Situation,
  service: { readonly serviceDown: boolean },
): Promise<string[]> => {
  const { env } = environment.config;
  const backup = await wayBackOf(context, environment, situation);
  const typed = backup === null ? null : environment.shownFrom(context.cwd, backup);
  const commands = waysOut(situation, service).flatMap(({ act, does }): [string, string][] => {
    const command = wayOutCommand(act, { env, backup: typed });
    return command === null ? [] : [[commandHint(context, command), does]];
  });
  const width = Math.max(0, ...commands.map(([command]) => command.length));
  return commands.map(([command, does]) => `${command.padEnd(width)}   ${does}`);
};
