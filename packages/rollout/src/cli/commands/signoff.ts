import { resolve } from 'node:path';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { giveSignoff } from '../../signoff/give-signoff.ts';
import { describeSignoff, readSignoff } from '../../signoff/read-signoff.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface SignoffFlags extends GlobalOptions {
  readonly env: string;
  readonly bundle: string;
  readonly by?: string;
  readonly key?: string;
  readonly version?: string;
  readonly verify?: boolean;
}

export const registerSignoff: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--bundle <zip>', 'what was rehearsed: premerge_artifacts.zip')
      .option('--by <name>', 'who signs: the name that stands in allowed_signers')
      .option('--key <file>', 'SSH key to sign with; without one nothing shows who signed')
      .option('--env <name>', 'environment whose gates are signed off', 'production')
      .option('--version <version>', 'release, where the bundle does not say it')
      .option('--verify', 'say who signed this bundle, and whether that is shown; sign nothing')
      .addHelpText(
        'after',
        '\nExample: dhash-rollout signoff --bundle premerge_artifacts.zip --by ana@example.org --key ~/.ssh/id_ed25519',
      ),
  ).action((flags: SignoffFlags) =>
    run('signoff', flags, (context) =>
      flags.verify === true ? verifySignoff(context, flags) : sign(context, flags),
    ),
  );
};

const sign = async (context: CommandContext, flags: SignoffFlags): Promise<CommandResult> => {
  const { by, key } = flags;
  if (by === undefined || by.trim() === '')
    throw new RolloutError(
      'name-missing',
      exitCodes.usage,
      '--by NAME is missing: whose sign-off is it?',
    );
  const environment = await openEnvironment(context, flags.env);
  const bundle = resolve(context.cwd, flags.bundle);
  const { file, statement } = await giveSignoff(environment, {
    bundle,
    by,
    key: key === undefined ? null : resolve(context.cwd, key),
    version: flags.version ?? null,
    nowMs: context.clock.now(),
  });
  const { shown } = environment;
  context.output.line(
    `${by} signs off release ${statement.version} for ${statement.env}, with gates ${statement.policy.slice(0, 12)}: ${shown(file)}`,
  );
  if (key === undefined)
    context.output.warn(
      'unauthenticated: it was signed with no key (--key), so anybody can have written it',
    );
  return { exit: exitCodes.done, fields: { ...statement, file, signed: key !== undefined } };
};

const verifySignoff = async (
  context: CommandContext,
  flags: SignoffFlags,
): Promise<CommandResult> => {
  const { config, shown } = await openEnvironment(context, flags.env);
  const bundle = resolve(context.cwd, flags.bundle);
  const found = await readSignoff(bundle, config.requireSignoff?.allowedSigners ?? null);
  if (found === null)
    throw new RolloutError(
      'no-signoff',
      exitCodes.usage,
      `there is no sign-off of ${shown(bundle)}`,
    );
  context.output.line(describeSignoff(found));
  return {
    exit: found.proof.kind === 'refuted' ? exitCodes.notVerified : exitCodes.done,
    fields: { ...found.statement, proof: found.proof.kind },
  };
};
