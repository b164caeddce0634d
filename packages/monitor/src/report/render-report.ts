import { renderPage } from './page.ts';
import type { ReportInput } from './report-data.ts';
import { reportStyle } from './report-style.ts';
import { decisionSection, headerSection, recordSection, tilesSection } from './sections.ts';
import { watchPart } from './watch-part.ts';

/**
 * The report of a watch as one HTML page that loads nothing: decision first, then health, gates with
 * charts, verdict changes, polls, record. The page replays the watch with the gates' own code, and again
 * with any other limit. Without scripts its charts are still ones. All text from
 * outside is escaped, and a content policy lets only the page's own script and style run. Pure.
 */
export const renderReport = (input: ReportInput): string => {
  const { data, charts, details, style, script, pageData, notice } = watchPart(input);
  return renderPage({
    title: `${data.decision}: ${input.title}`,
    style: `${style}${reportStyle}`,
    script,
    body: `${headerSection(input, data)}
<main>
${decisionSection(data)}
${tilesSection(data)}
${charts}
${details}
${recordSection(input)}
</main>
<footer>Made by @dhash/monitor. Times are UTC; +m:ss is from the start of the watch. This page loads nothing.</footer>`,
    data: pageData,
    notice,
  });
};
