import type { GaugeQuantileGate, GaugeRatioGate, LevelGate } from '../policy.ts';
import { type PolledSample, readCounter, readGauge } from '../sample.ts';
import { createCounterWindow } from '../windows/counter-window.ts';
import { createGaugeWindow } from '../windows/gauge-window.ts';
import type { Lack, Measure, MeasureContext } from './measure.ts';

// A break below the limit is one above it with every sign turned; -0 is no value to show.
const turned = (value: number, below: boolean) => (below ? 0 - value : value);

/** The newest reading. */
export const openLevel = (gate: LevelGate, { limit }: MeasureContext): Measure => {
  let newest: number | null = null;
  let readings = 0;
  const bound = turned(limit, gate.below);
  const isBeyond = () => newest !== null && turned(newest, gate.below) > bound;
  return {
    take: (_at, sample) => {
      const value = readGauge(sample, gate.gauge, gate.scale);
      if (value === null) return false;
      newest = value;
      readings += 1;
      return true;
    },
    look: () => ({
      value: newest,
      readings,
      events: null,
      lack: newest === null ? 'samples' : null,
      beyond: isBeyond(),
    }),
    suspicious: isBeyond,
  };
};

/** How much traffic the gauge speaks of, where the gate asks for that. */
const openEvents = (
  gate: GaugeRatioGate | GaugeQuantileGate,
  { windowMs, activation }: MeasureContext,
) => {
  const wanted = gate.events;
  const window = createCounterWindow(windowMs);
  let seen = false;
  const take = (at: number, sample: PolledSample): void => {
    const value = wanted && readCounter(sample, wanted.counter);
    if (value === null) return;
    window.push(at, [value]);
    seen = true;
  };
  if (activation) take(activation.at, activation.sample);
  return {
    take,
    look: (at: number): { events: number | null; lack: Lack | null } => {
      if (wanted === null || (wanted.optional && !seen)) return { events: null, lack: null };
      window.slide(at);
      const events = window.increase(0);
      if (window.unsteady() >= 0) return { events, lack: 'restarts' };
      if (window.readings > 0 && events === 0) return { events, lack: 'traffic' };
      return { events, lack: events < gate.minEvents ? 'events' : null };
    },
  };
};

/** Time-weighted mean (`rate`) or median (`gauge`) of the readings in the window. */
export const openGauge = (
  gate: GaugeRatioGate | GaugeQuantileGate,
  context: MeasureContext,
): Measure => {
  const name = gate.kind === 'ratio' ? gate.rate : gate.gauge;
  const window = createGaugeWindow(
    gate.kind === 'ratio' ? 'mean' : 'median',
    context.windowMs,
    context.longestMs,
  );
  const events = openEvents(gate, context);
  const limit = turned(context.limit, gate.below);
  return {
    take: (at, sample) => {
      events.take(at, sample);
      const value = readGauge(sample, name, gate.scale);
      if (value === null) return false;
      window.push(at, turned(value, gate.below));
      return true;
    },
    look: (at) => {
      window.slide(at);
      const measured = window.measure(at, limit);
      const traffic = events.look(at);
      const few = window.readings < gate.minSamples || measured === null;
      return {
        value: measured && turned(measured.value, gate.below),
        readings: window.readings,
        events: traffic.events,
        lack: traffic.lack === 'restarts' ? 'restarts' : few ? 'samples' : traffic.lack,
        beyond: measured?.beyond ?? false,
      };
    },
    suspicious: () => window.newest !== null && window.newest > limit,
  };
};
