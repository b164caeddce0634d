import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type DataShape, readManifest, readShapes } from '@dhash/backup-core';
import type { OpenRun } from '../environment/open-run.ts';
import { messageOf } from '../errors.ts';
import { allOf, lastOf, type RecordedEvent } from '../record/events.ts';
import { asJson } from '../record/recorder.ts';
import { describeShapeChange, shapesIn, withRows } from '../record/shape-change.ts';

type Shapes = Readonly<Record<string, DataShape>>;

/** The backup of the stop, whose manifest counted the rows: they need not be counted while the service is down. */
const stoppedBackup = (events: readonly RecordedEvent[]): string | null => {
  const done = allOf(events, 'step.done').filter(({ scope }) => scope === undefined);
  // Our own migrations came after it.
  if (done.some(({ step }) => step === 'migrate')) return null;
  const backup = done.findLast(({ step }) => step === 'backup-stopped');
  const { file } = (backup?.data ?? {}) as { file?: unknown };
  return typeof file === 'string' ? file : null;
};

const withCountsOf = async (open: OpenRun, shapes: Shapes): Promise<Shapes> => {
  const { environment, recorder } = open;
  const backup = stoppedBackup(recorder.events);
  const file = backup === null ? null : resolve(environment.config.root, backup);
  if (file === null || !existsSync(file)) return shapes;
  const { sources } = await readManifest(file);
  return withRows(
    shapes,
    Object.fromEntries(sources.flatMap(({ name, tables }) => (tables ? [[name, tables]] : []))),
  );
};

const orWarn = async (open: OpenRun, look: () => Promise<void>): Promise<void> => {
  try {
    await look();
  } catch (error) {
    open.context.output.warn(`what the databases hold could not be looked at: ${messageOf(error)}`);
  }
};

const hasDatabases = ({ environment: { config } }: OpenRun): boolean =>
  config.data.some(({ type }) => type === 'sqlite' || type === 'postgres');

/** The look that this run took before its release started first: one that was cut off may have migrated already. */
const lookBefore = ({ recorder }: OpenRun): RecordedEvent<'data.looked'> | undefined => {
  const last = lastOf(recorder.events, 'data.looked');
  return last?.when === 'before' ? last : undefined;
};

/** Puts tables, columns and rows of the databases on the record. That they can't be read keeps no release from starting. */
export const lookBeforeStart = async (open: OpenRun): Promise<void> => {
  if (!hasDatabases(open) || lookBefore(open) !== undefined) return;
  await orWarn(open, async () => {
    const { environment, recorder } = open;
    const counts = stoppedBackup(recorder.events) === null;
    const shapes = await readShapes(environment.config.data, { counts });
    await recorder.record({ type: 'data.looked', when: 'before', shapes: asJson(shapes) });
  });
};

/** The same once it is healthy, with what differs: a service that migrates as it starts is seen by that. */
export const lookAfterStart = async (open: OpenRun): Promise<void> => {
  const before = lookBefore(open);
  if (before === undefined) return;
  await orWarn(open, async () => {
    const { environment, recorder, context } = open;
    const shapes = await readShapes(environment.config.data, { counts: true });
    const change = describeShapeChange(await withCountsOf(open, shapesIn(before.shapes)), shapes);
    await recorder.record({
      type: 'data.looked',
      when: 'after',
      shapes: asJson(shapes),
      ...(change === null ? {} : { change }),
    });
    if (change !== null)
      context.output.line(`  release changed its databases as it started: ${change}`);
  });
};
