import type { WatchPolicy } from '@dhash/quality-gates';
import { gateWarnings } from '@dhash/quality-gates/config';
import { factsOf, factsThatHold } from '../../config/secrets-in-facts.ts';
import { lookNow } from '../../deploy/look-at-gates.ts';
import type { CommandContext } from '../../environment/context.ts';
import type { Environment } from '../../environment/environment.ts';
import { metricsWarning } from '../../environment/metrics-warning.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** A secret that is part of a name or a path can't be kept out of what people read. */
const secretsInFacts = ({ config }: Environment, gateNames: readonly string[]): Finding[] => {
  const facts = [
    ...factsOf(config),
    ...gateNames.map((name) => ({ what: `the name of gate ${name}`, value: name })),
  ];
  const holding = config.secrets.flatMap((secret) => factsThatHold(secret, facts));
  return [...new Set(holding.map(({ what }) => what))].map((what) =>
    problem(
      `secrets: ${what} holds a text that is also a secret (a channel's or an environment's): it can't be masked there; choose another secret`,
    ),
  );
};

/** Each gate on what runs now: a gate that can't be judged guards nobody. */
const liveGates = async (
  context: CommandContext,
  environment: Environment,
  policy: WatchPolicy,
): Promise<Finding[]> => {
  const { gates: looks, certificate } = await lookNow(context, environment, policy);
  return [
    ...looks.map(({ state, sentence }) =>
      state === 'ready' ? ok(`gate ${sentence}`) : warning(`gate ${state}: ${sentence}`),
    ),
    ...(certificate === null ? [] : [warning(certificate)]),
  ];
};

/** What the gates file says, and what of it can be judged on what runs now. */
export const gatesFindings = async (
  context: CommandContext,
  environment: Environment,
): Promise<Finding[]> => {
  const policy = await environment.policy();
  return [
    ok(
      `gates: ${Object.keys(policy.gates).length} for ${policy.environment}; a broken one leads to ${policy.onBreak}`,
    ),
    ...gateWarnings(policy).map(warning),
    ...secretsInFacts(environment, Object.keys(policy.gates)),
    ...metricsWarning(policy, environment.config.metrics.length > 0).map(warning),
    ...(await liveGates(context, environment, policy)),
    rollbackFinding(environment.config),
  ];
};

/** What an automatic rollback does with the data. */
const rollbackFinding = ({ rollback, backup }: Environment['config']): Finding => {
  switch (rollback.data) {
    case 'restore':
      return ok('an automatic rollback also restores the data (rollback.data: restore)');
    case 'keep':
      return ok('an automatic rollback keeps the data (rollback.data: keep)');
    case 'auto':
      return backup.drill.beforeDeploy
        ? ok(
            'an automatic rollback keeps the data where the drill of the deploy proves that it may, else it restores it (rollback.data: auto)',
          )
        : warning(
            'an automatic rollback always restores the data: rollback.data is auto, and nothing is ever proven, as backup.drill does not ask for a drill before each deploy',
          );
  }
};
