import { GatesError } from '../errors.ts';
import type { WatchPolicy } from '../policy.ts';

/** @throws GatesError `unknown-gate`, naming the gates that there are. */
export const checkGateNames = (policy: WatchPolicy, gateNames: readonly string[]): void => {
  const unknown = gateNames.find((name) => !Object.hasOwn(policy.gates, name));
  if (unknown !== undefined)
    throw new GatesError(
      'unknown-gate',
      `${policy.environment} has no gate ${unknown}; it has ${Object.keys(policy.gates).join(', ')}`,
    );
};

/**
 * The policy with these gates on `observe`: judged and reported, deciding nothing. The fingerprint is
 * left as it was; who deploys records what was disarmed, and why.
 * @throws GatesError `unknown-gate`
 */
export const disarm = (policy: WatchPolicy, gateNames: readonly string[]): WatchPolicy => {
  checkGateNames(policy, gateNames);
  const gates = Object.entries(policy.gates).map(
    ([name, gate]) =>
      [name, gateNames.includes(name) ? { ...gate, mode: 'observe' } : gate] as const,
  );
  return { ...policy, gates: Object.fromEntries(gates) as WatchPolicy['gates'] };
};
