import type { Assessment, Sample } from '@dhash/quality-gates';
import type { HealthReading } from '../health/health-probe.ts';
import type { WatchNotice } from './watch-event.ts';

/** What is worth a word of a sample and what was judged by it; each thing once in a watch, a resumed one included. */
export const noticesOf = (): ((
  sample: Sample & { readonly at: number },
  assessment: Assessment,
) => WatchNotice[]) => {
  const blind = new Set<string>();
  let hasEnded = false;
  return (sample, { gates }) => {
    const notices: WatchNotice[] = [];
    const { at } = sample;
    if ('clockStep' in sample && sample.clockStep !== undefined)
      notices.push({ type: 'clock.stepped', stepMs: sample.clockStep, at });
    for (const [gate, { verdict, sentence, mode }] of Object.entries(gates)) {
      if (verdict !== 'nodata' || mode === 'observe' || blind.has(gate)) continue;
      blind.add(gate);
      notices.push({ type: 'gate.blind', gate, sentence, at });
    }
    const health: HealthReading | undefined = 'health' in sample ? sample.health : undefined;
    if (health?.certificate === 'ended' && !hasEnded) {
      hasEnded = true;
      notices.push({ type: 'certificate.ended', reason: health.reason ?? 'it has ended', at });
    }
    return notices;
  };
};
