import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWriteFile, makeFolder } from '@dhash/journal';
import { summarize } from '@dhash/monitor';
import { zipIncident } from '@dhash/rollback';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { messageOf } from '../errors.ts';
import { lastOf, type RecordedEvent } from '../record/events.ts';
import type { Recorder } from '../record/recorder.ts';
import type { RunKind } from '../record/run-id.ts';
import { linkRuns } from '../record/run-links.ts';
import { gatherRunPage, type PageWatch } from './gather-run-page.ts';
import { incidentText } from './incident-text.ts';
import { renderRunPage } from './render-run-page.ts';
import type { RunPage } from './run-page.ts';

/** Kinds of run that leave a page by themselves; `report` writes one of the others too. */
export const kindsWithPage: readonly RunKind[] = ['deploy', 'migrate', 'rollback', 'watch'];

type Of = Pick<Environment, 'layout' | 'shown'>;
type Run = { readonly run: string; readonly events: readonly RecordedEvent[] };

const writeSummary = async (
  file: string,
  { run, events }: Run,
  { page, watch }: { readonly page: RunPage; readonly watch: PageWatch },
): Promise<void> => {
  const { report, assessment, decision, samplesSha256 } = watch;
  const { policy, samples } = report;
  const startedAt = report.startedAt ?? assessment.at;
  const summary = summarize({
    ...{ run, policy, startedAt, assessment, samples, samplesSha256, head: page.head },
    decision: decision === 'continue' ? 'interrupted' : decision,
    endedAt: Date.parse(lastOf(events, 'watch.ended')?.at ?? '') || assessment.at,
  });
  await atomicWriteFile(file, `${JSON.stringify(summary, null, 2)}\n`, { mode: 0o600 });
};

/** Where an incident was written: the page as it is now, its text, and all of it with the journal in the zip. */
const completeIncident = async (
  { incident, journal }: ReturnType<Environment['layout']['run']>,
  { page, html }: { readonly page: RunPage; readonly html: string },
): Promise<void> => {
  if (!existsSync(join(incident, 'record.json'))) return;
  const texts = { 'report.html': html, 'incident.md': incidentText(page) };
  for (const [name, text] of Object.entries(texts))
    await atomicWriteFile(join(incident, name), text, { mode: 0o600 });
  await zipIncident(incident, page.run, {
    date: new Date(page.closedAtMs ?? page.openedAtMs),
    more: { 'journal.ndjson': await readFile(journal, 'utf8') },
  });
};

/** The page of a run as HTML, from what is on disk; `null` where these events open no run. */
export const readRunPage = async ({ layout, shown }: Of, run: Run): Promise<string | null> => {
  const gathered = await gatherRunPage(layout, run, { held: 'free', shown });
  return gathered === null ? null : renderRunPage(gathered.page);
};

/**
 * Writes what people read of a run, from what is on disk: its page, the summary of its watch, and into its
 * incident, where there is one, the page, `incident.md` and the zip of it all.
 *
 * @returns false where these events open no run
 */
export const writeRunPages = async ({ layout, shown }: Of, run: Run): Promise<boolean> => {
  const gathered = await gatherRunPage(layout, run, { held: 'free', shown });
  if (gathered === null) return false;
  const { page, watch } = gathered;
  const files = layout.run(run.run);
  const html = renderRunPage(page);
  if (!existsSync(files.monitor)) {
    await makeFolder(files.monitor);
    await linkRuns(layout);
  }
  await atomicWriteFile(files.report, html, { mode: 0o600 });
  if (watch !== null) await writeSummary(files.summary, run, { page, watch });
  await completeIncident(files, { page, html });
  return true;
};

/** What a command did to a run that people want to see the page of. */
const ends = new Set([
  'run.closed',
  'watch.ended',
  'rollback.not-validated',
  'rollback.failed',
  'run.stuck',
]);

/**
 * At the end of a command that worked on a run: writes its pages. They are for people, so that one that can't be
 * written is a warning, and nothing else.
 *
 * @param seen how many events there were before the command
 */
export const leavePages = async (
  { output }: Pick<CommandContext, 'output'>,
  environment: Of,
  { run, events }: Pick<Recorder, 'run' | 'events'>,
  seen: number,
): Promise<void> => {
  const kind = lastOf(events, 'run.opened')?.kind;
  if (kind === undefined || !kindsWithPage.includes(kind)) return;
  try {
    await writeRunPages(environment, { run, events });
    if (events.slice(seen).some(({ type }) => ends.has(type)))
      output.line(`report: ${environment.shown(environment.layout.run(run).report)}`);
  } catch (error) {
    output.warn(`the page of the run could not be written: ${messageOf(error)}`);
  }
};
