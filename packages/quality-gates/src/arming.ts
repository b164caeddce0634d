import { GatesError } from './errors.ts';
import { openGate } from './gate.ts';
import type { WatchPolicy } from './policy.ts';
import { readTimed, type Sample } from './sample.ts';

/** A gate that the running release is already beyond. */
export type ArmingRefusal = { readonly gate: string; readonly sentence: string };

/**
 * Judges each gate on samples of the running release, before a deploy changes anything. Named are
 * those that break on them, and those whose `n of m` asks for more polls than there are but that were
 * beyond at every poll: rolling back would not mend them. Gates on `observe` and relative ones are left out.
 */
export const judgeArming = (policy: WatchPolicy, samples: readonly Sample[]): ArmingRefusal[] => {
  const refusals: ArmingRefusal[] = [];
  const polls = readTimed(samples);
  for (const [name, gate] of Object.entries(policy.gates)) {
    if (gate.mode === 'observe' || gate.relative !== null || gate.kind === 'compare') continue;
    const { need, of } = gate.streak;
    const most = Math.max(1, samples.length);
    const judged = openGate(
      name,
      { ...gate, streak: { need: Math.min(need, most), of: Math.min(of, most) } },
      {
        endAt: Infinity,
        longestMs: 2.5 * policy.cadence.normalMs,
        activation: null,
        baseline: [],
      },
    );
    if (polls.some(({ at, sample }) => judged.poll(at, sample) === 'break'))
      refusals.push({ gate: name, sentence: judged.verdict().sentence });
  }
  return refusals;
};

/**
 * The policy with these gates on `observe`: judged and reported, deciding nothing. The fingerprint is
 * left as it was; who deploys records what was disarmed, and why.
 * @throws GatesError `unknown-gate`
 */
export const disarm = (policy: WatchPolicy, gateNames: readonly string[]): WatchPolicy => {
  const unknown = gateNames.find((name) => !Object.hasOwn(policy.gates, name));
  if (unknown !== undefined)
    throw new GatesError(
      'unknown-gate',
      `${policy.environment} has no gate ${unknown}; it has ${Object.keys(policy.gates).join(', ')}`,
    );
  const gates = Object.entries(policy.gates).map(
    ([name, gate]) =>
      [name, gateNames.includes(name) ? { ...gate, mode: 'observe' } : gate] as const,
  );
  return { ...policy, gates: Object.fromEntries(gates) as WatchPolicy['gates'] };
};
