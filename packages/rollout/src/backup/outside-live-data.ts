import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { contains } from '../config/cross-check.ts';
import { environmentConfig, isConfigError, loadConfig } from '../config/load-config.ts';
import type { CommandContext } from '../environment/context.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';

/** Where a path leads, of which the end need not be there. */
const whereItLeads = async (path: string): Promise<string> =>
  existsSync(path) || path === dirname(path)
    ? realpath(path)
    : join(await whereItLeads(dirname(path)), basename(path));

/** Folders of live data, by the environment and source that they are of. */
const liveFolders = async (context: CommandContext): Promise<{ of: string; path: string }[]> => {
  // A backup that is named is restored without its rollout.yaml, too.
  if (!existsSync(context.configFile)) return [];
  const file = await loadConfig(context.configFile);
  return file.environments.flatMap((env) =>
    environmentConfig(file, env, context.processEnv).data.flatMap((source) =>
      source.type === 'files' ? [{ of: `${source.name} of ${env}`, path: source.path }] : [],
    ),
  );
};

/**
 * Refuses a folder inside live data: what is brought back there would be live, and in the next backup. Warns where
 * rollout.yaml does not tell what is live: somebody in need of one file should not have to mend that first.
 *
 * @param to absolute
 * @param given the option, as it was typed
 * @throws RolloutError (exit 2)
 */
export const requireOutsideLiveData = async (
  context: CommandContext,
  { to, given }: { readonly to: string; readonly given: `--${string}` },
): Promise<void> => {
  let live: Awaited<ReturnType<typeof liveFolders>>;
  try {
    live = await liveFolders(context);
  } catch (error) {
    if (!isConfigError(error)) throw error;
    context.output.warn(
      `whether ${given} lies inside live data was not looked at, as rollout.yaml does not say what is live: ${messageOf(error)}`,
    );
    return;
  }
  const real = await whereItLeads(to);
  for (const { of, path } of live)
    if (contains(await whereItLeads(path), real))
      throw new RolloutError(
        'inside-live-data',
        exitCodes.usage,
        `${given} lies inside live data, ${of} (${path}): what comes would be part of it. Name a folder outside, and copy from there what is wanted`,
      );
};
