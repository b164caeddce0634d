import { messageOf } from '@dhash/basics/message-of';
import { parseSeriesKey, seriesKey } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';
import type { Source, SourceReading } from './source.ts';

type Named = { readonly name: string; readonly reading: SourceReading };

/** The key of a series with the target it came from; what the page itself says of an instance keeps another name. */
const atTarget = (key: string, target: string): string => {
  const { name, labels } = parseSeriesKey(key);
  const { instance, ...rest } = labels;
  return seriesKey(name, {
    ...rest,
    ...(instance === undefined ? {} : { exported_instance: instance }),
    instance: target,
  });
};

const labelled = ({ name, reading }: Named): SourceReading => {
  const of = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [atTarget(key, name), value]));
  const { unread, doubts } = reading;
  // A reason stands under the whole name or under one series; a series is told from a name by being there.
  const reasons = Object.entries(unread ?? {}).map(([key, why]): [string, string] => [
    Object.hasOwn(reading.metrics, key) ? atTarget(key, name) : key,
    `${name}: ${why}`,
  ]);
  return {
    ...reading,
    metrics: of(reading.metrics),
    ...(unread === undefined ? {} : { unread: Object.fromEntries(reasons) }),
    ...(doubts === undefined ? {} : { doubts: doubts.map((doubt) => `${name}: ${doubt}`) }),
  };
};

const merged = (readings: readonly SourceReading[], failed: readonly string[]): SourceReading => {
  const metrics: Record<string, unknown> = Object.create(null);
  const processes: Record<string, number> = {};
  const unread: Record<string, string> = {};
  const known = new Set<string>();
  const names = new Set<string>();
  const doubts: string[] = [];
  for (const reading of readings) {
    // Of two sources with one series the first one counts; a source that has no reading of it is none.
    for (const [key, value] of Object.entries(reading.metrics)) metrics[key] ??= value;
    Object.assign(processes, reading.processes);
    Object.assign(unread, reading.unread);
    for (const name of reading.known ?? []) known.add(name);
    for (const name of reading.names ?? []) names.add(name);
    doubts.push(...(reading.doubts ?? []));
  }
  return {
    metrics: Object.fromEntries(Object.entries(metrics)),
    ...(Object.keys(processes).length === 0 ? {} : { processes }),
    ...(Object.keys(unread).length === 0 ? {} : { unread }),
    ...(known.size === 0 ? {} : { known: [...known] }),
    ...(doubts.length === 0 ? {} : { doubts }),
    ...(failed.length === 0 ? {} : { failed }),
    names,
  };
};

const readAll = async (
  sources: readonly (readonly [string, Source])[],
  signal: AbortSignal,
): Promise<{ readonly read: Named[]; readonly failed: string[] }> => {
  const all = await Promise.allSettled(sources.map(([, source]) => source.read(signal)));
  signal.throwIfAborted();
  const read: Named[] = [];
  const failed: string[] = [];
  for (const [index, [name]] of sources.entries()) {
    const one = all[index];
    if (one?.status === 'fulfilled') read.push({ name, reading: one.value });
    else failed.push(`${name}: ${messageOf(one?.reason)}`);
  }
  if (read.length === 0 && failed.length > 0)
    throw new MonitorError('unreachable', failed.join('; '));
  return { read, failed };
};

/**
 * One source of several replicas, each asked by itself: each series gets the label `instance="<target>"`, and a start
 * time stands under its target. A replica without an answer is named in `failed`, and the others go on.
 * @throws MonitorError from `read` where none of them answers.
 */
export const targetsSource = (targets: Readonly<Record<string, Source>>): Source => ({
  read: async (signal) => {
    const { read, failed } = await readAll(Object.entries(targets), signal);
    return merged(read.map(labelled), failed);
  },
});

/**
 * One source of several that know different metrics: a page, a Prometheus, a JSON answer. One without an answer is named
 * in `failed`, and the others go on. Of one series in two of them the first one's counts.
 *
 * Beside a source outside the service (a Prometheus) no start times are given: its series are of no one process, and
 * would be taken for those of the one that is known.
 * @throws MonitorError from `read` where none of them answers.
 */
export const combinedSource = (sources: Readonly<Record<string, Source>>): Source => {
  const isBesideOutside = Object.values(sources).some(({ isOut }) => isOut !== undefined);
  return {
    read: async (signal) => {
      const { read, failed } = await readAll(Object.entries(sources), signal);
      const { processes, ...reading } = merged(
        read.map((one) => one.reading),
        failed,
      );
      return isBesideOutside || processes === undefined ? reading : { ...reading, processes };
    },
    isOut: () => Object.values(sources).some((source) => source.isOut?.() === true),
  };
};
