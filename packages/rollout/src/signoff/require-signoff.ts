import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { describeSignoff, hashOf, readSignoff } from './read-signoff.ts';
import { mismatches } from './statement.ts';

/** What a deploy finds of the sign-off that its environment asks for; `null`: it asks for none. */
type FoundSignoff =
  | { readonly kind: 'stands'; readonly sentence: string; readonly isProven: boolean }
  | { readonly kind: 'refused'; readonly why: string };

/** Looks for the sign-off of this release with the gates as they are now. */
const lookForSignoff = async (
  { config, policy, shown }: Environment,
  version: string,
): Promise<FoundSignoff | null> => {
  const { requireSignoff } = config;
  if (requireSignoff === null) return null;
  const { bundle, allowedSigners } = requireSignoff;
  const found = await readSignoff(bundle, allowedSigners);
  if (found === null) return { kind: 'refused', why: `there is no sign-off of ${shown(bundle)}` };
  if (found.proof.kind === 'refuted') return { kind: 'refused', why: describeSignoff(found) };
  const wrong = mismatches(found.statement, {
    service: config.service,
    env: config.env,
    version,
    policy: (await policy()).fingerprint,
    bundle: await hashOf(bundle),
  });
  if (wrong.length > 0)
    return {
      kind: 'refused',
      why: `the sign-off of ${found.statement.by} does not match: ${wrong.join('; ')}`,
    };
  return {
    kind: 'stands',
    sentence: describeSignoff(found),
    isProven: found.proof.kind === 'signed',
  };
};

/**
 * Where `requireSignoff` asks for it, takes a deploy no further without a sign-off that matches. A dry run only says so.
 *
 * @returns sentences for the plan
 * @throws {RolloutError} `no-signoff`, exit 2
 */
export const requireSignoff = async (
  context: CommandContext,
  environment: Environment,
  { version, dryRun }: { readonly version: string; readonly dryRun: boolean },
): Promise<string[]> => {
  const found = await lookForSignoff(environment, version);
  if (found === null) return [];
  if (found.kind === 'stands') {
    if (!found.isProven) context.output.warn(found.sentence);
    return [found.sentence];
  }
  const { env } = environment.config;
  const message = `${env} asks for a sign-off (requireSignoff): ${found.why}`;
  if (!dryRun)
    throw new RolloutError('no-signoff', exitCodes.usage, message, {
      hints: [
        `whoever answers for this deploy: npx dhash-rollout signoff --env ${env} --bundle FILE.zip --by NAME --key KEY`,
      ],
    });
  context.output.warn(`a deploy would be refused: ${message}`);
  return [];
};
