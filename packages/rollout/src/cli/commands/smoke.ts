import { join } from 'node:path';
import { atomicWriteFile } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { runSmoke } from '../../environment/service-checks.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { requireVariables } from '../../targets/run-target-command.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface SmokeFlags extends GlobalOptions {
  readonly env: string;
}

const logName = 'postdeploy-smoketests.log';

export const registerSmoke: Register = (command, run) => {
  withGlobalOptions(
    command.option('--env <name>', 'environment of rollout.yaml', 'production'),
  ).action((flags: SmokeFlags) =>
    run('smoke', flags, (context) => runSmokeCommand(context, flags)),
  );
};

const runSmokeCommand = async (
  context: CommandContext,
  flags: SmokeFlags,
): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  requireVariables(environment.config);
  const { config } = environment;
  const version = await environment
    .target({ runId: 'smoke', version: null, previous: null })
    .current();
  const startedAt = new Date(context.clock.now()).toISOString();
  const outcome = await runSmoke(
    config,
    { runId: 'smoke', version, previous: null },
    { signal: context.signal, onOutput: (text) => context.output.write(text) },
  );
  if (outcome === null)
    throw new RolloutError('no-smoke', exitCodes.usage, `${config.env} names no smoke tests`, {
      hints: ['name them in rollout.yaml: smoke: { command: …, timeout: 2m }'],
    });
  const verdict = outcome.ok ? 'passed' : `failed (exit ${outcome.exit})`;
  await atomicWriteFile(
    join(config.root, logName),
    `# smoke tests of ${config.service} ${config.env} at ${config.url}, release ${version ?? '(none)'}, ${startedAt}\n${outcome.output.trimEnd()}\n# ${verdict}\n`,
  );
  context.output.line(`smoke tests of ${config.env}: ${verdict}; log: ${logName}`);
  return {
    exit: outcome.ok ? exitCodes.done : exitCodes.failed,
    fields: { env: config.env, version, log: logName, smokeExit: outcome.exit },
  };
};
