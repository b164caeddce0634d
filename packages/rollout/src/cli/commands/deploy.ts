import type { Lock } from '@dhash/journal';
import { Option } from 'commander';
import { deploy, prepareDeploy, runDeploy } from '../../deploy/deploy.ts';
import type { DeployOptions } from '../../deploy/plan.ts';
import { abortDeploy, isBeingAborted } from '../../deploy/undo-deploy.ts';
import { type CommandContext, type CommandResult, commandHint } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { holding, releasing } from '../../environment/lock.ts';
import { recorderOf } from '../../environment/open-run.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { guardAfterDeploy } from '../../guard/guard.ts';
import { requireWorkingChannels } from '../../notify/require-channels.ts';
import { currentUser } from '../../process/who.ts';
import { foldRun, hasUnfinishedRollback } from '../../record/run-state.ts';
import { listRuns, newestChange } from '../../record/runs.ts';
import { takeFromWatch } from '../../takeover/take-from-watch.ts';
import { askedVersion } from '../../targets/asked-version.ts';
import { collect, type Register, withGlobalOptions } from '../register.ts';
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
  readonly reason?: string;
}

/** Flags that a new deploy is planned with; a resume and an abort take everything from the record. */
const ofNewDeploys = ['dryRun', 'version', 'backupFirst', 'supersede', 'retryVersion'];

export const registerDeploy: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('deploy')
      .description('back up, migrate, activate, check; then the run awaits its guard')
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
      .addOption(new Option('--abort', 'undo the open run').conflicts(['monitor', ...ofNewDeploys]))
      .option('--supersede', 'deploy although the newest run is still open')
      .option('--retry-version', 'deploy a version that was rolled back before (needs --reason)')
      .option(
        '--disarm <gate>',
        'watch this gate without deciding (needs --reason); repeatable',
        collect,
        [],
      )
      .option('--reason <text>', 'why, for the record'),
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
});

const runDeployCommand = async (
  context: CommandContext,
  flags: DeployFlags,
): Promise<CommandResult> => {
  const options = optionsOf(flags);
  const environment = await openEnvironment(context, flags.env);
  const after = flags.monitor === true ? guardAfterDeploy(context, environment) : null;
  if (flags.resume === true || flags.abort === true) {
    return onOpenDeploy(context, environment, flags.resume === true ? 'resume' : 'abort', after);
  }
  const prepared = await prepareDeploy(context, environment, options);
  for (const warning of prepared.plan.warnings) context.output.warn(warning);
  for (const sentence of prepared.plan.sentences) context.output.line(sentence);
  context.output.event({ type: 'plan', ...prepared.plan });
  if (flags.dryRun === true) {
    context.output.line('dry run: nothing was changed');
    return { exit: exitCodes.done, fields: { dryRun: true, version: prepared.plan.version } };
  }
  await requireWorkingChannels(context, environment, prepared.plan.version);
  return deploy(context, environment, prepared, options, after);
};

/** `--resume` and `--abort` take everything from the record of the environment's open deploy. */
const onOpenDeploy = async (
  context: CommandContext,
  environment: Environment,
  what: 'resume' | 'abort',
  after: Parameters<typeof runDeploy>[4],
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const newest = newestChange(await listRuns(layout, config.env));
  if (newest === null || newest.state.closed || newest.state.kind !== 'deploy') {
    const last =
      newest === null ? '' : `; the newest, ${newest.state.run}, is ${newest.state.status}`;
    throw new RolloutError(
      'no-open-deploy',
      exitCodes.usage,
      `${config.env} has no open deploy to ${what}${last}`,
      {
        hints: [
          `to put an earlier state back: npx dhash-rollout rollback --env ${config.env} --backup FILE`,
        ],
      },
    );
  }
  const { run, version, previous } = newest.state;
  if (what === 'resume' && newest.state.status !== 'in progress') {
    throw new RolloutError(
      'nothing-to-resume',
      exitCodes.usage,
      `the deploy ${run} is through and ${newest.state.status}`,
      { hints: [`watch it: npx dhash-rollout monitor --env ${config.env}`] },
    );
  }
  if (what === 'abort' && hasUnfinishedRollback(newest.events))
    throw new RolloutError(
      'rollback-unfinished',
      exitCodes.busy,
      `run ${run} was ${newest.state.status === 'rolling back' ? 'cut off in its rollback' : 'rolled back, which did not validate'}: to undo its deploy now could mix two states of the data`,
      { hints: [commandHint(context, `rollback --env ${config.env} --resume`)] },
    );
  const { lockFile } = environment.target({ runId: run, version, previous });
  const work = async (lock: Lock, from: string | null = null): Promise<CommandResult> => {
    const recorder = await recorderOf(context, environment, run);
    try {
      const now = foldRun(run, recorder.events);
      if (now?.closed === true)
        throw new RolloutError(
          'overtaken',
          exitCodes.busy,
          `run ${run} came to its own end first: it is ${now.status}`,
        );
      if (from !== null)
        await recorder.record({
          type: 'lock.taken-over',
          from,
          by: currentUser(context.processEnv),
        });
      if (what === 'abort' || isBeingAborted(recorder.events))
        return await abortDeploy(context, environment, recorder);
      await recorder.record({ type: 'deploy.resumed' });
      return await runDeploy(context, environment, recorder, lock, after);
    } finally {
      await recorder.close();
    }
  };
  const command = `deploy --${what}`;
  if (what === 'resume')
    return holding(context, { lockFile, command, env: config.env, run }, (lock) => work(lock));
  const taken = await takeFromWatch(context, environment, {
    lockFile,
    command,
    kind: 'abort',
    reason: 'deploy --abort',
  });
  if (taken.kind === 'acquired') return releasing(taken.lock, (lock) => work(lock, taken.from));
  throw new RolloutError('rolling-back', exitCodes.busy, `run ${taken.run} is being rolled back`);
};
