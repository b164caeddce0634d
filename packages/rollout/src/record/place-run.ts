import { join } from 'node:path';
import { isRightMissing, JournalError, makeFolder, missingRight } from '@dhash/journal';
import type { Layout } from './layout.ts';
import type { RunKind } from './run-id.ts';
import { linkRuns } from './run-links.ts';

/** Kinds of run that are watched: what a watch writes has its place from the start. */
const watched: readonly RunKind[] = ['deploy', 'watch'];

/**
 * Makes the folders of a new run, and the links to them.
 *
 * @returns what a person should know: where the record of a rollback had to lie, as its own place
 * can't be written; else `null`.
 * @throws JournalError `no-right` where the record can't be written.
 */
export const placeRun = async (
  layout: Layout,
  run: string,
  kind: RunKind,
): Promise<string | null> => {
  const { folder, monitor } = layout.run(run);
  let making = folder;
  try {
    await makeFolder(folder);
    making = monitor;
    if (watched.includes(kind)) await makeFolder(monitor);
  } catch (error) {
    if (!isRightMissing(error)) throw error;
    const why = missingRight(making, 'write');
    if (kind !== 'rollback' || layout.shared === null)
      throw new JournalError(
        'no-right',
        `the record can not be written: ${why}; give that right, or come as the user who has it`,
        { file: folder },
        { cause: error },
      );
    // An emergency waits for no right: the record of the way back may lie beside rollout.yaml.
    const own = join(layout.rollouts, run);
    await makeFolder(own);
    return `the record of this rollback lies in ${own}, as its own place can not be written: ${why}`;
  }
  await linkRuns(layout);
  return null;
};
