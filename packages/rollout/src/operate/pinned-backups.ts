import { basename } from 'node:path';
import type { Layout } from '../record/layout.ts';
import { listRuns } from '../record/runs.ts';

/** Names of backups that an open run may still need; retention never removes them. */
export const pinnedBackups = async (layout: Layout, env: string): Promise<ReadonlySet<string>> => {
  const open = (await listRuns(layout, env)).filter(({ state }) => !state.closed);
  return new Set(
    open.flatMap(({ events }) =>
      events.flatMap(({ data }) =>
        typeof data === 'object' &&
        data !== null &&
        'file' in data &&
        typeof data['file'] === 'string'
          ? [basename(data['file'])]
          : [],
      ),
    ),
  );
};
