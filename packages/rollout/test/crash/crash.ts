import { readFileSync, truncateSync } from 'node:fs';
import { Interrupted } from '../../src/environment/context.ts';
import type { Ran } from '../run-main.ts';
import type { Disk } from './disk.ts';
import { countPoints, type Point } from './points.ts';
import type { Work, World } from './world.ts';

/** What happens to a process at a point. */
export const faults = ['kill -9', 'torn line', 'TERM', 'ENOSPC', 'EIO'] as const;
export type Fault = (typeof faults)[number];

/** Those after which there is no process any more. */
export const deaths: readonly Fault[] = ['kill -9', 'torn line'];

/** An act that is gone through, and what its points are. */
export interface Act {
  readonly work: Work;
  readonly within: 'records' | 'backups';
}

/** Runs an act to its end, and keeps all files as they are at each of its points. */
export const enumerate = async (
  world: World,
  disk: Disk,
  { work, within }: Act,
): Promise<{ points: Point[]; ran: Ran }> => {
  const points: Point[] = [];
  disk.onDurable = countPoints({ root: world.root, within }, (point) => {
    points.push(point);
    world.save(`at ${point.number}`);
  });
  try {
    return { ran: await world.process(work), points };
  } finally {
    disk.onDurable = () => undefined;
  }
};

/** The last line is there to its half: the process died, or the power went, while it was written. */
const tear = (file: string): void => {
  const text = readFileSync(file);
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  truncateSync(file, start + Math.ceil((text.length - start) / 2));
};

/**
 * Leaves the world as a process leaves it that meets the fault at this point of its act.
 *
 * @returns what that process said; `null`: it died
 */
export const meet = async (
  world: World,
  disk: Disk,
  { work, within }: Act,
  { fault, point }: { readonly fault: Fault; readonly point: Point },
): Promise<Ran | null> => {
  if (fault === 'kill -9' || fault === 'torn line') {
    world.load(`at ${point.number}`);
    if (fault === 'torn line' && point.line !== null) tear(point.line);
    world.bury();
    return null;
  }
  world.load('before');
  const term = new AbortController();
  disk.onDurable = countPoints({ root: world.root, within }, ({ number }) => {
    if (number !== point.number) return;
    if (fault === 'TERM') term.abort(new Interrupted('SIGTERM'));
    else disk.fault = fault === 'ENOSPC' ? 'full' : 'fails once';
  });
  try {
    return await world.process(work, { signal: term.signal });
  } finally {
    disk.onDurable = () => undefined;
    disk.fault = 'none';
    world.bury();
  }
};
