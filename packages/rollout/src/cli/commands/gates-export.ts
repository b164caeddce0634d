import { isGatesError, type WatchPolicy } from '@dhash/quality-gates';
import { toAnalysisTemplate, toPrometheusRules } from '@dhash/quality-gates/export';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { type GatesFlags, readPolicy } from './gates-files.ts';

/** Engines that gates can be written for. */
export const exportTargets = ['prometheus', 'argo'] as const;

export interface ExportFlags extends GatesFlags {
  readonly env: string;
  readonly to: (typeof exportTargets)[number];
  readonly selector?: string;
  readonly health?: string;
  readonly address?: string;
}

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
export const exportGates = async (
  context: CommandContext,
  flags: ExportFlags,
): Promise<CommandResult> => {
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
