import {
  compareData,
  type DataSource,
  discardWork,
  liveSources,
  type Manifest,
  proveRestored,
  restoreTargets,
  stageRestore,
  swapBack,
  swapIn,
} from '@dhash/backup-core';
import { exitCodes, RolloutError } from '../errors.ts';

export interface SwapDrill {
  /** The zip. Absolute. */
  readonly file: string;
  /** Of what is swapped. */
  readonly manifest: Manifest;
  /** What was restored before, and has been written to since: it plays the live data. */
  readonly sources: readonly DataSource[];
  /** What the backup holds beside that: it is read again, and swapped in nowhere. */
  readonly others: readonly DataSource[];
  /** Part of the names of folders and databases. */
  readonly id: string;
  readonly signal: AbortSignal;
}

/**
 * Swaps the backup in over data that a service has written to, by the calls of a rollback, proves it, and swaps back: what
 * was there must be whole again.
 *
 * @throws BackupError, RolloutError `drill-failed`
 */
export const drillSwap = async ({
  file,
  manifest,
  sources,
  others,
  id,
  signal,
}: SwapDrill): Promise<string> => {
  const written = async () =>
    JSON.stringify(await compareData(manifest, sources, { backup: file, signal }));
  const before = await written();
  const targets = restoreTargets(sources, id);
  try {
    const staged = await stageRestore(file, { id, targets: [...sources, ...others], signal });
    const swapped = staged.targets.filter(({ name }) => sources.some((one) => one.name === name));
    await swapIn(swapped, { sources, signal });
    await proveRestored(manifest, liveSources(swapped, { sources }), { signal });
    await swapBack(swapped, { sources, signal });
  } finally {
    await discardWork(targets, { sources });
  }
  if ((await written()) !== before)
    throw new RolloutError(
      'drill-failed',
      exitCodes.failed,
      'the drill did not hold: swapped in and back again, the data was not what it had been',
    );
  return 'in, proved, and back again, by the calls of a rollback';
};
