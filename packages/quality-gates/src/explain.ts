import { amount, duration } from './numbers.ts';
import type { GatePolicy, WatchPolicy } from './policy.ts';
import { pollTimes } from './schedule.ts';
import { overWindow, sourceOf } from './sentence.ts';

const ordinal = (n: number): string => {
  const ending = ['th', 'st', 'nd', 'rd'][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? 'th';
  return `${n}${ending}`;
};

const range = (low: number, high: number): string =>
  low === high ? duration(low) : `${low / 1000} to ${high / 1000} s`;

/** What is suggested to a policy that has no suspect polls. */
const usualSuspectMs = 10_000;

/**
 * How long after the service dies the n-th failing check comes: between n − 1 and n cadences. With
 * suspect polls, up to one cadence to the first failing check and then a suspect one each.
 */
const detection = (polls: number, { cadence, durationMs }: WatchPolicy): string => {
  const { initialMs, initialPeriodMs, suspectMs } = cadence;
  const at = (ms: number) => range((polls - 1) * ms, polls * ms);
  const hasLater = initialPeriodMs < durationMs;
  const normalMs = hasLater ? cadence.normalMs : initialMs;
  const early = `${at(initialMs)} after the service dies`;
  const scheduled = hasLater
    ? `${early} in the first ${duration(initialPeriodMs).replace(/ min$/, ' minutes')}, ${at(normalMs)} later`
    : early;
  const step = suspectMs ?? usualSuspectMs;
  if (suspectMs === null && step >= normalMs) return scheduled;
  const fastest = (polls - 1) * Math.min(step, initialMs, normalMs);
  const slowest = normalMs + (polls - 1) * Math.min(step, normalMs);
  return `${scheduled}; ${range(fastest, slowest)} with \`suspect: ${step / 1000}\``;
};

const limitText = (gate: GatePolicy): string => {
  if (gate.relative !== null) {
    const { factor, atLeast, atMost } = gate.relative;
    const bounds = [
      ...(atLeast === undefined ? [] : [`at least ${amount(atLeast, gate.unit)}`]),
      ...(atMost === undefined ? [] : [`at most ${amount(atMost, gate.unit)}`]),
    ];
    const held = bounds.length === 0 ? '' : ` (${bounds.join(', ')})`;
    return `${factor} × the baseline's value${held}`;
  }
  return amount(gate.threshold, gate.kind === 'share' ? 'percent' : gate.unit);
};

const side = (gate: GatePolicy) => (gate.below ? 'under' : 'over');

const evidence = (gate: GatePolicy): string => {
  const parts: string[] = [];
  if ('minSamples' in gate) parts.push(`${gate.minSamples} readings`);
  if (gate.kind === 'ratio' || gate.kind === 'quantile') {
    if (gate.source !== 'gauge') parts.push(`${gate.minEvents} events`);
    else if (gate.events)
      parts.push(
        `${gate.minEvents} of ${gate.events.counter}${gate.events.optional ? ' (where that is reported)' : ''}`,
      );
  }
  return parts.length === 0 ? '' : `; judged from ${parts.join(' and ')} on`;
};

const rule = (gate: GatePolicy, policy: WatchPolicy): string => {
  switch (gate.kind) {
    case 'consecutive': {
      const polls = Math.floor(gate.threshold) + 1;
      return gate.below
        ? `breaks while fewer than ${gate.threshold} checks in a row are not OK`
        : `breaks on the ${ordinal(polls)} non-OK check in a row: ${detection(polls, policy)}`;
    }
    case 'share':
      return `breaks where ${side(gate)} ${limitText(gate)} of the known checks${overWindow(gate)} are not OK`;
    case 'restarts':
      return `breaks where the process was started anew ${gate.below ? 'fewer' : 'more'} than ${gate.threshold} times${overWindow(gate)}`;
    case 'level':
      return `breaks where the newest ${gate.gauge} is ${side(gate)} ${limitText(gate)}`;
    case 'ratio':
      if (gate.source === 'gauge')
        return `breaks where the time-weighted mean of ${gate.rate}${overWindow(gate)} is ${side(gate)} ${limitText(gate)}`;
      return gate.confidence === null
        ? `breaks where ${gate.bad} is ${side(gate)} ${limitText(gate)} of ${gate.total}${overWindow(gate)}`
        : `breaks where ${gate.bad} is, with confidence ${gate.confidence}, ${side(gate)} ${limitText(gate)} of ${gate.total}${overWindow(gate)}; not promoted where the plain share of the whole watch is`;
    case 'quantile':
      return gate.source === 'histogram'
        ? `breaks where quantile ${gate.q} of ${gate.histogram}${overWindow(gate)} is ${side(gate)} ${limitText(gate)}`
        : `breaks where the time-weighted median of ${gate.gauge}${overWindow(gate)} is ${side(gate)} ${limitText(gate)}`;
    case 'compare':
      return `judged once, at the end: breaks where ${gate.gauge} is worse than the baseline (p < ${gate.alpha}, Mann–Whitney) by more than ${amount(100 * gate.tolerance, 'percent')} of its median`;
  }
};

const streak = ({ streak: { need, of } }: GatePolicy): string => {
  if (of === 1) return '';
  return need === of ? `, ${need} polls in a row` : `, at ${need} of ${of} polls`;
};

const consequence = (gate: GatePolicy): string =>
  gate.mode === 'observe' ? 'observed only' : `then ${gate.onBreak}`;

const noData = (gate: GatePolicy): string => {
  const { after, then } = gate.noData;
  return `${after} polls in a row without ${sourceOf(gate)}: ${then === 'break' ? 'a break' : 'no data'}`;
};

/** The policy in sentences: when it polls, when each gate breaks and how fast, what the end asks for. */
export const explain = (policy: WatchPolicy): string[] => {
  const { cadence, durationMs } = policy;
  const polls = pollTimes(policy).length;
  const after =
    cadence.initialPeriodMs < durationMs ? `, then every ${duration(cadence.normalMs)}` : '';
  return [
    `watches ${duration(durationMs)}: ${polls} polls, every ${duration(cadence.initialMs)} for ${duration(Math.min(cadence.initialPeriodMs, durationMs))}${after}`,
    ...Object.entries(policy.gates).map(
      ([name, gate]) =>
        `${name} ${rule(gate, policy)}${streak(gate)} (${consequence(gate)}${evidence(gate)}; ${noData(gate)})`,
    ),
    `promoted only where at least ${amount(100 * policy.minCoverage, 'percent')} of the scheduled polls brought a known health reading, each gate was judged good at ${amount(100 * policy.minJudged, 'percent')} of them, and the last check is OK`,
  ];
};
