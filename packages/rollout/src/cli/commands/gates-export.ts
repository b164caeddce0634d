import { isGatesError } from '@dhash/quality-gates';
import { toAnalysisTemplate, toPrometheusRules } from '@dhash/quality-gates/export';
import { exitCodes, RolloutError } from '../../errors.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
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

/** Prints gates as another engine's YAML; one that it can't express is named, and nothing printed. */
export const exportGates = async (
  context: CommandContext,
  flags: ExportFlags,
): Promise<CommandResult> => {
  const policy = await readPolicy(context, flags.gates, flags.env);
  const { selector, health, address } = flags;
  try {
    const yaml =
      flags.to === 'prometheus'
        ? toPrometheusRules(policy, { selector, health })
        : toAnalysisTemplate(policy, { selector, health, address });
    if (!context.output.json) context.output.write(yaml);
    return { exit: exitCodes.done, fields: { to: flags.to, yaml } };
  } catch (error) {
    if (!isGatesError(error)) throw error;
    throw new RolloutError(error.code, exitCodes.usage, error.message, { cause: error });
  }
};
