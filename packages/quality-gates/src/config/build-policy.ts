import * as z from 'zod';
import { type BreakAction, type GatePolicy, STALE_MS, type WatchPolicy } from '../policy.ts';
import { buildGate } from './build-gate.ts';
import { check, type Finding, withoutEchoes } from './check.ts';
import { durationMs, environmentFields } from './fields.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Path } from './read-document.ts';

const environmentSchema = z.strictObject(
  {
    ...environmentFields,
    qualityGates: z.record(z.string(), z.unknown(), { error: 'must be an object of gates' }),
  },
  { error: 'must be an object with duration and qualityGates' },
);

/** A gate's name goes into messages, exports and files. */
const gateName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** A schedule is a list in memory. */
const mostPolls = 1_000_000;

const gateFindings = (name: string, path: Path): Finding[] =>
  gateName.test(name)
    ? []
    : [
        {
          path,
          isKey: true,
          message: `${JSON.stringify(name)} is no name for a gate`,
          hint: 'a letter, then up to 63 letters, digits, "_", "." or "-"',
        },
      ];

/** An environment's policy, or all that is wrong with it. */
export type BuiltPolicy = {
  readonly policy: WatchPolicy | null;
  readonly findings: readonly Finding[];
};

export const buildPolicy = (environment: string, value: unknown, path: Path): BuiltPolicy => {
  const { findings, data } = check(environmentSchema, value, path);
  const raw = data ?? (typeof value === 'object' && value !== null ? value : {});
  const all: Finding[] = withoutEchoes(findings);
  const onBreak: BreakAction = data?.onBreak ?? (data?.autoRollback ? 'rollback' : 'alert');
  if (data?.onBreak !== undefined && data.autoRollback !== undefined)
    all.push({
      path: [...path, 'autoRollback'],
      isKey: true,
      message: 'autoRollback and onBreak say the same thing: only one of them',
      hint: '"autoRollback": true is "onBreak": "rollback"',
    });

  const gates: Record<string, GatePolicy> = {};
  const written: unknown = 'qualityGates' in raw ? raw.qualityGates : undefined;
  const gatesPath = [...path, 'qualityGates'];
  const entries =
    typeof written === 'object' && written !== null && !Array.isArray(written)
      ? Object.entries(written)
      : [];
  if (data && entries.length === 0)
    all.push({ path: gatesPath, message: 'has no gate: nothing would be judged', hint: null });
  for (const [name, gate] of entries) {
    const built = buildGate(name, gate, [...gatesPath, name], onBreak);
    all.push(...gateFindings(name, [...gatesPath, name]), ...built.findings);
    if (built.gate) gates[name] = built.gate;
  }
  if (!data || all.length > 0) return { policy: null, findings: all };

  const { pollCadence, baseline, arming, health } = data;
  // Accepted above: a duration that was written is one.
  const ms = (written: unknown, unit: 'm' | 's', fallback: number) =>
    durationMs(written, unit) ?? fallback;
  const policy: Omit<WatchPolicy, 'fingerprint'> = {
    environment,
    durationMs: ms(data.duration, 'm', 0),
    cadence: {
      initialMs: ms(pollCadence?.initial, 's', 30_000),
      normalMs: ms(pollCadence?.normal, 's', 120_000),
      initialPeriodMs: ms(pollCadence?.initialPeriod, 'm', 300_000),
      suspectMs: durationMs(pollCadence?.suspect, 's'),
    },
    minCoverage: data.minCoverage ?? 0.9,
    minJudged: data.minJudged ?? 0.8,
    onBreak,
    baseline: baseline
      ? {
          durationMs: ms(baseline.duration, 'm', 120_000),
          cadenceMs: ms(baseline.cadence, 's', 15_000),
        }
      : null,
    arming: { polls: arming?.polls ?? 3, everyMs: ms(arming?.every, 's', 5000) },
    health: { control: health?.control ?? null },
    ...(data.stale === undefined ? {} : { staleMs: ms(data.stale, 'm', STALE_MS) }),
    gates,
  };
  const { cadence } = policy;
  const polls =
    Math.min(cadence.initialPeriodMs, policy.durationMs) / cadence.initialMs +
    policy.durationMs / cadence.normalMs;
  if (polls > mostPolls)
    return {
      policy: null,
      findings: [
        {
          path: [...path, pollCadence ? 'pollCadence' : 'duration'],
          message: 'makes more than a million polls',
          hint: 'poll less often, or watch for less time',
        },
      ],
    };
  return { policy: { ...policy, fingerprint: fingerprintOf(policy) }, findings: [] };
};
