import { Option } from 'commander';
import { deploy, prepareDeploy } from '../../deploy/deploy.ts';
import { abortDeploy, resumeDeploy } from '../../deploy/open-deploy.ts';
import type { DeployOptions } from '../../deploy/plan.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes } from '../../errors.ts';
import { guardAfterDeploy } from '../../guard/guard.ts';
import { requireWorkingChannels } from '../../notify/require-channels.ts';
import { requireSignoff } from '../../signoff/require-signoff.ts';
import { askedVersion } from '../../targets/asked-version.ts';
import { requireVariables } from '../../targets/run-target-command.ts';
import { collect, type Register, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface DeployFlags extends GlobalOptions {
  readonly env: string;
  readonly backupFirst?: boolean;
  readonly version?: string;
  readonly monitor?: boolean;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly abort?: boolean;
  readonly supersede?: boolean;
  readonly retryVersion?: boolean;
  readonly disarm: string[];
  readonly expect: string[];
  readonly reason?: string;
}

/** Flags that a new deploy is planned with; a resume and an abort take everything from the record. */
const ofNewDeploys = ['dryRun', 'version', 'backupFirst', 'supersede', 'retryVersion'];

export const registerDeploy: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--version <version>', 'release to deploy (default: the newest artifact)')
        .option('--backup-first', 'back the data up and verify the backup before anything changes')
        .option('--monitor', 'go on into the watch')
        .option('--dry-run', 'gather, try what is harmless, show the plan, change nothing')
        .addOption(
          new Option('--resume', 'go on with a deploy that was cut off').conflicts([
            'abort',
            ...ofNewDeploys,
          ]),
        )
        .addOption(
          new Option('--abort', 'undo the open run').conflicts(['monitor', ...ofNewDeploys]),
        )
        .option('--supersede', 'deploy although the newest run is still open')
        .option('--retry-version', 'deploy a version that was rolled back before (needs --reason)')
        .option(
          '--disarm <gate>',
          'watch this gate without deciding (needs --reason); repeatable',
          collect,
          [],
        )
        .option(
          '--expect <gate>',
          'the metric of this gate comes with the release; repeatable',
          collect,
          [],
        )
        .option('--reason <text>', 'why, for the record'),
    ),
  ).action((flags: DeployFlags) =>
    run(
      'deploy',
      flags,
      (context) => runDeployCommand(context, flags),
      flags.dryRun === true ? { name: 'deploy-dryrun.log' } : null,
    ),
  );
};

const optionsOf = (flags: DeployFlags): DeployOptions & { version: string | null } => ({
  version: flags.version === undefined ? null : askedVersion(flags.version),
  backupFirst: flags.backupFirst === true,
  supersede: flags.supersede === true,
  retryVersion: flags.retryVersion === true,
  reason: flags.reason ?? null,
  disarm: flags.disarm,
  expect: flags.expect,
});

const runDeployCommand = async (
  context: CommandContext,
  flags: DeployFlags,
): Promise<CommandResult> => {
  const options = optionsOf(flags);
  const environment = await openEnvironment(context, flags.env);
  requireVariables(environment.config);
  const after = flags.monitor === true ? guardAfterDeploy : null;
  if (flags.resume === true) return resumeDeploy(context, environment, after);
  if (flags.abort === true) return abortDeploy(context, environment);
  const prepared = await prepareDeploy(context, environment, options);
  const { version, warnings } = prepared.plan;
  const dryRun = flags.dryRun === true;
  const signedOff = await requireSignoff(context, environment, { version, dryRun });
  const plan = { ...prepared.plan, sentences: [...prepared.plan.sentences, ...signedOff] };
  for (const warning of warnings) context.output.warn(warning);
  for (const sentence of plan.sentences) context.output.line(sentence);
  context.output.event({ type: 'plan', ...plan });
  if (dryRun) {
    context.output.line('dry run: nothing was changed');
    return { exit: exitCodes.done, fields: { dryRun: true, version } };
  }
  await requireWorkingChannels(context, environment, version);
  return deploy(context, environment, { ...prepared, plan }, options, after);
};
