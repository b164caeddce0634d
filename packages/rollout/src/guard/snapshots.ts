import type { Assessment } from '@dhash/quality-gates';
import type { Announcer } from '../environment/open-run.ts';
import { allOf, type RecordedEvent } from '../record/events.ts';

/** Minutes after the start of a watch at which people hear how it goes. */
const marks = [5, 15, 30, 60] as const;

/** Announces `t-plus-5` … `t-plus-60` as the watch passes them, each once in a run. */
export const startSnapshots = (
  announcer: Announcer,
  watched: {
    readonly startedAt: number;
    readonly durationMs: number;
    readonly version: string | null;
    readonly past: readonly RecordedEvent[];
  },
): { onPoll(assessment: Assessment, nowMs: number): void } => {
  const said = new Set(allOf(watched.past, 'notification.receipt').map(({ event }) => event));
  return {
    onPoll: (assessment, nowMs) => {
      const elapsedMs = nowMs - watched.startedAt;
      for (const mark of marks) {
        const event = `t-plus-${mark}`;
        const atMs = mark * 60_000;
        if (elapsedMs < atMs || atMs > watched.durationMs || said.has(event)) continue;
        said.add(event);
        announcer.announce(event, {
          version: watched.version ?? '',
          decision: assessment.decision,
          summary: Object.entries(assessment.gates)
            .map(([gate, verdict]) => `${gate}: ${verdict.verdict}, ${verdict.sentence}`)
            .join('\n'),
        });
      }
    },
  };
};
