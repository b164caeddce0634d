import { type CounterTrack, createCounterTrack } from '../counters/counter-track.ts';
import { counterReader } from '../counters/read-counts.ts';
import { createGaugeReader } from '../gauges/gauge-reader.ts';
import type { GaugeQuantileGate, GaugeRatioGate, LevelGate } from '../policy.ts';
import type { PolledSample } from '../sample.ts';
import { createGaugeWindow } from '../windows/gauge-window.ts';
import type { Lack, Measure, MeasureContext } from './measure.ts';

// A break below the limit is one above it with every sign turned; -0 is no value to show.
const turned = (value: number, below: boolean) => (below ? 0 - value : value);

/** The newest reading. */
export const openLevel = (gate: LevelGate, { limit, read }: MeasureContext): Measure => {
  const readGauge = createGaugeReader(gate.gauge, gate, read);
  let newest: number | null = null;
  let readings = 0;
  let why: string | null = null;
  const bound = turned(limit, gate.below);
  const isBeyond = () => newest !== null && turned(newest, gate.below) > bound;
  return {
    take: (_at, sample) => {
      const result = readGauge(sample);
      why = result.kind === 'none' ? result.why : null;
      if (result.kind === 'none') return false;
      newest = result.value;
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
    why: () => why,
  };
};

/** How much traffic the gauge speaks of, where the gate asks for that. */
const openEvents = (gate: GaugeRatioGate | GaugeQuantileGate, context: MeasureContext) => {
  const wanted = gate.events;
  const track: CounterTrack | null =
    wanted === null
      ? null
      : createCounterTrack(
          [
            {
              selector: wanted.counter,
              reader: () => counterReader(0),
              isNeeded: true,
              isZeroWhereAbsent: false,
            },
          ],
          {
            traffic: (sums) => ({ bad: 0, total: sums[0] ?? 0 }),
            isBeyond: () => false,
            isJudged: false,
          },
          context,
        );
  let seen = false;
  const take = (at: number, sample: PolledSample, how: 'reading' | 'start'): void => {
    if (track?.take(at, sample, how) === 'usable') seen = true;
  };
  const { activation } = context;
  if (activation) take(activation.at, activation.sample, 'start');
  return {
    take,
    look: (at: number): { events: number | null; lack: Lack | null } => {
      if (track === null || (wanted?.optional && !seen)) return { events: null, lack: null };
      const { window } = track;
      window.slide(at);
      const events = window.increase(0);
      if (track.several !== null) return { events, lack: 'several' };
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
  const readGauge = createGaugeReader(
    gate.kind === 'ratio' ? gate.rate : gate.gauge,
    gate,
    context.read,
  );
  const window = createGaugeWindow(
    gate.kind === 'ratio' ? 'mean' : 'median',
    context.windowMs,
    context.longestMs,
  );
  const events = openEvents(gate, context);
  const limit = turned(context.limit, gate.below);
  let why: string | null = null;
  return {
    take: (at, sample) => {
      events.take(at, sample, 'reading');
      const result = readGauge(sample);
      why = result.kind === 'none' ? result.why : null;
      if (result.kind === 'none') return false;
      window.push(at, turned(result.value, gate.below));
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
        lack: traffic.lack === 'several' ? 'several' : few ? 'samples' : traffic.lack,
        beyond: measured?.beyond ?? false,
      };
    },
    suspicious: () => window.newest !== null && window.newest > limit,
    why: () => why,
  };
};
