import { isGatesError, type WatchPolicy } from '@dhash/quality-gates';
import { toAnalysisTemplate, toPrometheusRules } from '@dhash/quality-gates/export';
import { Option } from 'commander';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import type { Register } from '../register.ts';
import { type GatesFlags, readPolicy } from './gates-files.ts';
import { ofGatesFile, withGatesFile } from './gates-options.ts';

/** Engines that gates can be written for. */
const exportTargets = ['prometheus', 'argo'] as const;

interface ExportFlags extends GatesFlags {
  readonly env: string;
  readonly to: (typeof exportTargets)[number];
  readonly selector?: string;
  readonly health?: string;
  readonly address?: string;
}

export const registerExport: Register = (command, run) => {
  withGatesFile(
    command
      .addOption(
        new Option('--to <engine>', 'alert rules, or an AnalysisTemplate')
          .choices(exportTargets)
          .makeOptionMandatory(),
      )
      .addOption(ofGatesFile())
      .option('--selector <matchers>', 'labels of every series, e.g. job="dhash"')
      .option(
        '--health <series>',
        '1 while the service is healthy, 0 while it is not (default: up)',
      )
      .option('--address <url>', "argo: Prometheus' address (default: http://prometheus:9090)"),
  ).action((flags: ExportFlags) =>
    run('gates export', flags, (context) => exportGates(context, flags)),
  );
};

/** Without a selector, `up` is that of every job: one that is up hides that ours is down. */
const anyJob = (policy: WatchPolicy, { selector, health }: ExportFlags): string | null => {
  const readsHealth = Object.values(policy.gates).some(
    ({ kind }) => kind === 'consecutive' || kind === 'share',
  );
  return selector !== undefined || health !== undefined || !readsHealth
    ? null
    : `CAUTION: health is "up" of every job that Prometheus scrapes, and while any other is up, yours is not missed: name it with --selector 'job="…"', or --health SERIES`;
};

/** Prints gates as another engine's YAML; one that it can't express is named, and nothing printed. */
const exportGates = async (context: CommandContext, flags: ExportFlags): Promise<CommandResult> => {
  const policy = await readPolicy(context, flags.gates, flags.env);
  const { selector, health, address } = flags;
  const warning = anyJob(policy, flags);
  try {
    const yaml =
      flags.to === 'prometheus'
        ? toPrometheusRules(policy, { selector, health })
        : toAnalysisTemplate(policy, { selector, health, address });
    if (!context.output.json)
      context.output.write(warning === null ? yaml : `# ${warning}\n${yaml}`);
    return {
      exit: exitCodes.done,
      fields: { to: flags.to, yaml, ...(warning === null ? {} : { warning }) },
    };
  } catch (error) {
    if (!isGatesError(error)) throw error;
    throw new RolloutError(error.code, exitCodes.usage, error.message, { cause: error });
  }
};
