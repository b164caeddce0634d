import { z } from 'zod';
import { allOf, type RecordedEvent } from './events.ts';

/** What a drill found of a release on data that a newer one had made its own. */
const wayBackSchema = z.object({
  /**
   * `proven`: it ran, so that going back needs no data. `costs`: it did not, so that going back costs what is written
   * since the backup. `unknown`: the drill came to no answer.
   */
  answer: z.enum(['proven', 'costs', 'unknown']),
  /** The release that would come back. */
  release: z.string(),
  /** The release whose migrations, or whose own start, the data had been through. */
  over: z.string(),
  /** What was seen; empty where it is proven. */
  why: z.string(),
});

export type WayBackAnswer = z.infer<typeof wayBackSchema>;

/** What `rollback.data` may say. */
export type RollbackData = 'restore' | 'keep' | 'auto';

/** What the newest drill of a run found; null where none looked. Pure. */
export const wayBackAnswer = (events: readonly RecordedEvent[]): WayBackAnswer | null => {
  for (const { step, data } of allOf(events, 'step.done').reverse()) {
    if (!step.startsWith('drill') || typeof data !== 'object' || data === null) continue;
    const parsed = wayBackSchema.safeParse((data as { wayBack?: unknown }).wayBack);
    if (parsed.success) return parsed.data;
  }
  return null;
};

/** The answer in words. */
export const describeWayBack = ({ answer, release, over, why }: WayBackAnswer): string => {
  switch (answer) {
    case 'proven':
      return `going back needs no data: a drill proved that ${release} runs on what ${over} makes of it`;
    case 'costs':
      return `going back costs what is written since the backup: in a drill ${release} did not run on what ${over} makes of the data (${why})`;
    case 'unknown':
      return `whether ${release} runs on what ${over} makes of the data is not known: ${why}`;
  }
};

/** Whether an automatic rollback puts the data back: `auto` keeps it where the drill proved that it can stay. Pure. */
export const dataOfRollback = (
  data: RollbackData,
  events: readonly RecordedEvent[],
): 'restore' | 'keep' => {
  if (data !== 'auto') return data;
  return wayBackAnswer(events)?.answer === 'proven' ? 'keep' : 'restore';
};
