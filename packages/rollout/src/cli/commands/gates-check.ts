import { explain, type WatchPolicy } from '@dhash/quality-gates';
import { environmentsOf, gatesFor, gateWarnings } from '@dhash/quality-gates/config';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes } from '../../errors.ts';
import { type GatesFlags, gatesFile, readGates } from './gates-files.ts';

/** Reads the gates file and says in sentences what its gates do. */
export const checkGates = async (
  context: CommandContext,
  flags: GatesFlags,
): Promise<CommandResult> => {
  const file = await gatesFile(context, flags.gates);
  const parsed = await readGates(context, file);
  const names = flags.env === undefined ? environmentsOf(parsed) : [flags.env];
  const policies: WatchPolicy[] = names.map((name) => gatesFor(parsed, name));
  for (const policy of policies) {
    context.output.line(`${policy.environment}  (policy ${policy.fingerprint.slice(0, 12)})`);
    for (const sentence of explain(policy)) context.output.line(`  ${sentence}`);
    for (const warning of gateWarnings(policy))
      context.output.warn(`${policy.environment}: ${warning}`);
  }
  return {
    exit: exitCodes.done,
    fields: {
      file,
      environments: policies.map((policy) => ({
        environment: policy.environment,
        fingerprint: policy.fingerprint,
        sentences: explain(policy),
        warnings: gateWarnings(policy),
      })),
    },
  };
};
