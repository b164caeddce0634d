import { explain, type WatchPolicy } from '@dhash/quality-gates';
import { environmentsOf, gatesFor, gateWarnings, refusingLooks } from '@dhash/quality-gates/config';
import { lookLines, lookNow } from '../../deploy/look-at-gates.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes } from '../../errors.ts';
import type { Register } from '../register.ts';
import { type GatesFlags, gatesFile, readGates } from './gates-files.ts';
import { withGatesFile } from './gates-options.ts';

interface CheckFlags extends GatesFlags {
  readonly live?: boolean;
}

export const registerCheck: Register = (command, run) => {
  withGatesFile(
    command
      .option('--env <name>', 'only this environment')
      .option('--live', 'also ask the running service what each gate reads now'),
  ).action((flags: CheckFlags) =>
    run('gates check', flags, (context) => checkGates(context, flags)),
  );
};

/** Reads the gates file and says in sentences what its gates do. */
const checkGates = async (context: CommandContext, flags: CheckFlags): Promise<CommandResult> => {
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
  const live = flags.live === true ? await lookLive(context, policies) : null;
  return {
    exit: live?.some(({ refuses }) => refuses) ? exitCodes.inconclusive : exitCodes.done,
    fields: {
      file,
      ...(live === null ? {} : { live }),
      environments: policies.map((policy) => ({
        environment: policy.environment,
        fingerprint: policy.fingerprint,
        sentences: explain(policy),
        warnings: gateWarnings(policy),
      })),
    },
  };
};

/** Each gate on what runs now; a deploy would be refused because of those that `refuses`. */
const lookLive = async (context: CommandContext, policies: readonly WatchPolicy[]) => {
  const found = [];
  for (const policy of policies) {
    const environment = await openEnvironment(context, policy.environment);
    const look = await lookNow(context, environment, policy);
    context.output.line(`${policy.environment} now, at ${environment.config.url}`);
    for (const line of lookLines(look)) context.output.line(line);
    const refused = refusingLooks(policy, look.gates);
    for (const each of look.gates)
      found.push({
        environment: policy.environment,
        ...each,
        refuses: refused.some(({ gate }) => gate === each.gate),
      });
  }
  return found;
};
