import { resolve } from 'node:path';
import { canPutBack } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';
import { messageOf } from '../errors.ts';
import type { Clock } from '../process/clock.ts';
import { lastOf } from '../record/events.ts';
import type { Recorder } from '../record/recorder.ts';
import type { RunState } from '../record/run-state.ts';
import { dataOfRollback } from '../record/way-back.ts';
import type { Output } from '../words/output.ts';

/** Between two looks, ms. */
const lookEveryMs = 10 * 60_000;

/** What of an open run the look needs. */
export interface LookedAt {
  readonly context: {
    readonly clock: Pick<Clock, 'sleep'>;
    readonly output: Pick<Output, 'line' | 'warn'>;
  };
  readonly environment: { readonly config: Pick<EnvironmentConfig, 'root' | 'data' | 'rollback'> };
  readonly recorder: Pick<Recorder, 'events' | 'record'>;
}

/** What stands in the way of putting the data back from the run's backup, a sentence each. */
const obstaclesNow = async (
  { environment: { config } }: LookedAt,
  backup: string,
  signal: AbortSignal,
): Promise<string[]> => {
  const zip = resolve(config.root, backup);
  try {
    const obstacles = await canPutBack(config.data, { backup: zip, depth: 'quick', signal });
    return obstacles
      .filter(({ severity }) => severity === 'refuses')
      .map(({ source, sentence }) => `${source}: ${sentence}`);
  } catch (error) {
    // A backup that can't be opened is no way back either.
    return [messageOf(error)];
  }
};

/**
 * Asks at the watch's start and every ten minutes whether an automatic rollback could put the data back, until aborted.
 * What has changed since the last look goes on the record, and so to the channels. It never ends the watch.
 */
export const watchWayBack = async (
  open: LookedAt,
  { backup }: Pick<RunState, 'backup'>,
  signal: AbortSignal,
): Promise<void> => {
  const { context, environment, recorder } = open;
  const { rollback, data } = environment.config;
  if (
    backup === null ||
    dataOfRollback(rollback.data, recorder.events) === 'keep' ||
    data.length === 0
  )
    return;
  let told = lastOf(recorder.events, 'way-back.looked')?.obstacles.join('\n') ?? '';
  while (!signal.aborted) {
    try {
      const obstacles = await obstaclesNow(open, backup, signal);
      const now = obstacles.join('\n');
      if (now !== told && !signal.aborted) {
        await recorder.record({ type: 'way-back.looked', obstacles });
        context.output.line(
          obstacles.length === 0
            ? 'the data could be put back again'
            : `warning: the data could not be put back now: ${obstacles.join('; ')}`,
        );
        told = now;
      }
      await context.clock.sleep(lookEveryMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      context.output.warn(`nobody looks whether the data can be put back: ${messageOf(error)}`);
      return;
    }
  }
};
