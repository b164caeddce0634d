/** What one source of a backup amounts to. */
export interface SourceAmounts {
  readonly name: string;
  /** Files. */
  readonly entries: number;
  /** Plain bytes. */
  readonly bytes: number;
  /** Rows of all tables; null where it has none to count. */
  readonly rows: number | null;
}

/** One figure of one source that fell too far. */
export interface ShrinkFinding {
  readonly source: string;
  readonly what: 'bytes' | 'entries' | 'rows';
  readonly before: number;
  readonly after: number;
}

const figures = ['bytes', 'entries', 'rows'] as const;

/**
 * What fell by more than a share between two backups, source by source: an emptied database does not hide behind
 * a folder of pictures. A source that is gone fell to nothing. Pure.
 *
 * @param maxShrink most that a figure may fall without being found, as a ratio: 0.5 is by half; half itself may
 */
export const findShrink = (
  before: readonly SourceAmounts[],
  after: readonly SourceAmounts[],
  maxShrink: number,
): ShrinkFinding[] => {
  const now = new Map(after.map((amounts) => [amounts.name, amounts]));
  return before.flatMap((old) =>
    figures.flatMap((what): ShrinkFinding[] => {
      const was = old[what] ?? 0;
      const is = now.get(old.name)?.[what] ?? 0;
      const fell = was > 0 && (was - is) / was > maxShrink;
      return fell ? [{ source: old.name, what, before: was, after: is }] : [];
    }),
  );
};

/** `library: 1200 → 3 rows` */
export const describeShrink = ({ source, what, before, after }: ShrinkFinding): string =>
  `${source}: ${before} → ${after} ${what}`;
