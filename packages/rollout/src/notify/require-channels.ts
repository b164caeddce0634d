import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { hasArrived, testChannels } from './test-channels.ts';
import { tooFew } from './too-few-channels.ts';

/**
 * Where `requireChannels` asks for it, sends a test to every channel of the environment.
 *
 * @throws {RolloutError} `channels-fail`, exit 2, where too few took it: nobody would hear of the release.
 */
export const requireWorkingChannels = async (
  context: CommandContext,
  environment: Environment,
  version: string,
): Promise<void> => {
  const { env, service, requireChannels } = environment.config;
  if (requireChannels === 0) return;
  const receipts = await testChannels(
    context,
    environment,
    `A test before ${service} ${version} is deployed to ${env}. Nothing has happened yet.`,
  );
  const arrived = receipts.filter(hasArrived).length;
  if (arrived >= requireChannels) return;
  throw new RolloutError('channels-fail', exitCodes.usage, tooFew(env, requireChannels, arrived), {
    hints: [
      `mend them, then try: ${commandHint(context, `notify test --all --env ${env}`)}`,
      'or take requireChannels down in rollout.yaml: the release then goes out unannounced',
    ],
  });
};
