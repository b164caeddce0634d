import { renderPage, reportStyle, watchPart } from '@dhash/monitor';
import {
  dataSection,
  leftSection,
  recordSection,
  storySection,
  tilesSection,
} from './page-sections.ts';
import { pageStyle } from './page-style.ts';
import type { RunPage } from './run-page.ts';
import { firstSentence } from './tell-run.ts';
import { timelineSection } from './timeline-section.ts';

/** What a run shows between its header and its footer; begins within `<main>`. Pure. */
export const runBody = (
  page: RunPage,
): { readonly body: string; readonly watch: ReturnType<typeof watchPart> | null } => {
  const watch = page.watch === null ? null : watchPart(page.watch);
  return {
    watch,
    body: `${storySection(page)}
${tilesSection(page)}
${leftSection(page)}
${watch?.charts ?? ''}
${timelineSection(page)}
${dataSection(page)}
${watch?.details ?? ''}
${recordSection(page)}
</main>`,
  };
};

/**
 * The page of a run: what happened, why, what it cost and what is left to do; then its gates, every step, the
 * data, the record. One file that loads nothing, below 500 kB. All text from outside is escaped. Pure.
 */
export const renderRunPage = (page: RunPage): string => {
  const { body, watch } = runBody(page);
  return renderPage({
    title: `${page.story.word}: ${firstSentence(page.story)}`.slice(0, 160),
    style: `${watch?.style ?? ''}${reportStyle}${pageStyle}`,
    script: watch?.script ?? '',
    body: `${body}
<footer>Made by @dhash/rollout from the record of the run. Times are UTC. This page loads nothing.</footer>`,
    data: watch?.pageData ?? null,
    notice: watch?.notice ?? 'This page has no charts.',
  });
};
