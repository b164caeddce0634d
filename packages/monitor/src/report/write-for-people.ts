/** Something written for people could not be written; nothing else failed by it. */
export type ReportFailed = {
  readonly type: 'report.failed';
  /** What it was, as the caller names it. */
  readonly what: string;
  readonly message: string;
};

/**
 * Writes what is for people alone (a report, a summary, a chart), each by itself: one that can't be written is a
 * warning, and the others are written all the same. Call it after the decision was acted on.
 * @returns what failed; never rejects
 */
export const writeForPeople = async (
  writers: Readonly<Record<string, () => Promise<unknown> | unknown>>,
): Promise<ReportFailed[]> => {
  const failed: ReportFailed[] = [];
  for (const [what, write] of Object.entries(writers)) {
    try {
      await write();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failed.push({ type: 'report.failed', what, message });
    }
  }
  return failed;
};
