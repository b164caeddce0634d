import type { PolledSample } from '../sample.ts';
import type { PageReader } from '../series/shapes.ts';

/** Start times by target, s since the epoch. */
export type StartTimes = ReadonlyMap<string, number>;

const metric = 'process_start_time_seconds';
const none: StartTimes = new Map();

const isStart = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;

const fromRecord = (processes: Readonly<Record<string, unknown>>): StartTimes =>
  new Map(
    Object.entries(processes).filter((entry): entry is [string, number] => isStart(entry[1])),
  );

/** The start times that a sample tells: as its source found them, else as a metric among the others. */
export const readStartTimes = (sample: PolledSample, read: PageReader): StartTimes => {
  const processes: unknown = sample.processes;
  if (typeof processes === 'object' && processes !== null)
    return fromRecord(processes as Record<string, unknown>);
  const page = read(sample);
  if (page === null) return none;
  const { keys, instances } = page.shape.pick(metric);
  if (keys.length === 0) return none;
  const found = new Map<string, number>();
  const doubtful = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const start = page.metrics[key];
    const target = instances[index] ?? '';
    // Two processes of one target on one page: neither is the one whose counters these are.
    if (found.has(target)) doubtful.add(target);
    if (isStart(start)) found.set(target, start);
  }
  for (const target of doubtful) found.delete(target);
  return found;
};
