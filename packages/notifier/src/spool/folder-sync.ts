/** Makes many removals in a folder durable together. */
export interface FolderSync {
  /** A name was removed: durable within `everyMs` of others that follow, or at `settled`. */
  removed(): Promise<void>;
  /** Resolves when all that was removed is durable; rejects as `sync` does, and a later call tries again. */
  settled(): Promise<void>;
}

/**
 * Syncs a folder at most once in `everyMs`: a thousand removals in a row need not cost a thousand
 * syncs. A power cut brings back at most the names of that time.
 */
export const createFolderSync = (options: {
  readonly sync: () => Promise<void>;
  readonly now: () => number;
  readonly everyMs: number;
}): FolderSync => {
  const { sync, now, everyMs } = options;
  let isDirty = false;
  let syncedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> = Promise.resolve();
  const settle = async (): Promise<void> => {
    isDirty = false;
    syncedAt = now();
    try {
      await sync();
    } catch (error) {
      isDirty = true;
      throw error;
    }
  };
  const start = (): Promise<void> => {
    underWay = settle();
    return underWay;
  };
  return {
    removed: async () => {
      isDirty = true;
      if (now() - syncedAt >= everyMs) await start();
    },
    // A sync that runs already may hold the caller's own removal: it is waited for as well.
    settled: () => (isDirty ? start() : underWay),
  };
};
