import { resolve } from 'node:path';
import { isUsable, newestUsable } from '../backup/newest-usable.ts';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { type Situation, type Standing, standingOf } from '../record/standing.ts';
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
  if (file !== null && (await isUsable(config, file))) return file;
  return (await newestUsable(config, clock.now()))?.file ?? null;
};

/** Standings in which the way back may have been tried and refused: status can't read a whole backup. */
const mayNeedAnother: readonly Standing[] = ['not rolled back', 'not validated', 'deploy stuck'];

/** The backups that are offered: the one that a rollback would take, and where that one may be no way, another. */
const waysBackOf = async (
  context: Pick<CommandContext, 'clock'>,
  environment: Environment,
  situation: Situation,
): Promise<string[]> => {
  const first = await wayBackOf(context, environment, situation);
  if (first === null) return [];
  if (!mayNeedAnother.includes(standingOf(situation))) return [first];
  const other = await newestUsable(environment.config, context.clock.now(), first);
  return other === null ? [first] : [first, other.file];
};

/** What is accepted now, as commands that can be pasted, with what each does; the recommended first. */
export const wayOutLines = async (
  context: CommandContext,
  environment: Environment,
  situation: Situation,
  service: { readonly serviceDown: boolean },
): Promise<string[]> => {
  const { env } = environment.config;
  const typed = (await waysBackOf(context, environment, situation)).map((backup) =>
    environment.shownFrom(context.cwd, backup),
  );
  const commands = waysOut(situation, service).flatMap(({ act, does }) => {
    // Nothing declares what it would do.
    if (act === 'migrate' && environment.config.migrations === null) return [];
    return (act === 'rollback' ? typed : [null]).flatMap((backup): [string, string][] => {
      const command = wayOutCommand(act, { env, backup });
      return command === null ? [] : [[commandHint(context, command), does]];
    });
  });
  const width = Math.max(0, ...commands.map(([command]) => command.length));
  return commands.map(([command, does]) => `${command.padEnd(width)}   ${does}`);
};
