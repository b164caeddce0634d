import type { Obstacle } from '@dhash/backup-core';
import { RollbackError } from './errors.ts';

/** @throws RollbackError `cannot-put-back`, with all that is in the way */
export const refuseObstacles = (obstacles: readonly Obstacle[], state: string): void => {
  const refusals = obstacles.filter(({ severity }) => severity === 'refuses');
  if (refusals.length === 0) return;
  throw new RollbackError(
    'cannot-put-back',
    `the data can't be put back: ${refusals.map(({ source, sentence }) => `${source}: ${sentence}`).join('; ')}. ${state}`,
    { obstacles: refusals.length },
  );
};
