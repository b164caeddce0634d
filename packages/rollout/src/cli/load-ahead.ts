import { loadProbes } from '@dhash/monitor';
import { loadChannels } from '@dhash/notifier';

/**
 * Loads what other commands load only when they come to need it. A guard may come to it hours after its start, when
 * another installation lies in the place of its own.
 */
export const loadAhead = async (): Promise<void> => {
  await Promise.all([
    loadProbes(),
    loadChannels(),
    import('../pages/write-run-pages.ts'),
    import('../targets/unpack-artifact.ts'),
  ]);
};
