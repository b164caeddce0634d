import type { GatePolicy } from '../policy.ts';
import { openCompare } from './compare.ts';
import { openCounterRatio, openHistogram } from './counters.ts';
import { openGauge, openLevel } from './gauge.ts';
import { openConsecutive, openShare } from './health.ts';
import type { Measure, MeasureContext } from './measure.ts';
import { openRestarts } from './restarts.ts';

/** The measure of a gate's kind and form. */
export const openMeasure = (gate: GatePolicy, context: MeasureContext): Measure => {
  switch (gate.kind) {
    case 'consecutive':
      return openConsecutive(gate, context);
    case 'share':
      return openShare(gate, context);
    case 'level':
      return openLevel(gate, context);
    case 'ratio':
      return gate.source === 'counters'
        ? openCounterRatio(gate, context)
        : openGauge(gate, context);
    case 'quantile':
      return gate.source === 'histogram' ? openHistogram(gate, context) : openGauge(gate, context);
    case 'restarts':
      return openRestarts(gate, context);
    case 'compare':
      return openCompare(gate, context);
  }
};
