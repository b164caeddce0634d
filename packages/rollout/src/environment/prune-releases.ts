import type { RunState } from '../record/run-state.ts';
import type { CommandContext } from './context.ts';
import type { Environment } from './environment.ts';

/**
 * Removes old releases once one was taken as good, which is on the record by then, and names them. What can't be removed
 * is a warning: whatever comes of it, the release is live.
 */
export const pruneReleases = async (
  {
    context: { output },
    environment,
  }: { readonly context: CommandContext; readonly environment: Environment },
  { run, version, previous }: Pick<RunState, 'run' | 'version' | 'previous'>,
): Promise<void> => {
  const { removed, left } = await environment.target({ runId: run, version, previous }).prune();
  if (removed.length > 0) output.line(`old releases are removed: ${removed.join(', ')}`);
  for (const { name, why } of left)
    output.warn(`${environment.shown(name)} could not be removed, and stays: ${why}`);
};
