import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compareData,
  type DataDifference,
  putAsideSources,
  readManifest,
} from '@dhash/backup-core';
import { atomicWriteFile, makeFolder } from '@dhash/journal';
import JSZip from 'jszip';
import { asJson } from './results.ts';
import type { StepDeps } from './step-deps.ts';

/** How the rollback stood when its incident was written. */
export type IncidentOutcome =
  | { readonly kind: 'validated' }
  | { readonly kind: 'not-validated'; readonly step: string; readonly error: string };

/** What `incident` leaves on record. */
export type IncidentResult = { folder: string; zip: string; written: DataDifference | null };

/**
 * Writes the incident folder: record.json, restore-log.txt, report.html where there is one, and a
 * zip of them. It says what was written since the backup, so it comes before anything is removed.
 */
export const writeIncident = async (deps: StepDeps, outcome: IncidentOutcome) => {
  const { options, results } = deps;
  const { plan, runId, incidentDir, clock } = options;
  const written = await writtenSince(deps);
  const atMs = clock.now();
  const record = {
    format: 1,
    run: runId,
    at: new Date(atMs).toISOString(),
    head: options.head?.() ?? null,
    service: plan.facts.service,
    env: plan.facts.env,
    reason: options.reason,
    outcome,
    backup: plan.facts.backup,
    data: plan.data,
    release: { from: results.verified()?.from ?? null, to: results.verified()?.to ?? null },
    proof: results.get('prove') ?? null,
    health: results.get('health') ?? null,
    smoke: results.get('smoke') ?? null,
    safety: results.get('safety') ?? null,
    written,
  };
  const report = (await options.report?.()) ?? null;
  const files: Record<string, string> = {
    'record.json': `${JSON.stringify(record, null, 2)}\n`,
    'restore-log.txt': `${deps.log().join('\n')}\n`,
    ...(report === null ? {} : { 'report.html': report }),
  };
  await makeFolder(incidentDir);
  for (const [name, text] of Object.entries(files))
    await atomicWriteFile(join(incidentDir, name), text);
  const zip = await zipIncident(incidentDir, runId, { date: new Date(atMs) });
  return asJson({ folder: incidentDir, zip, written } satisfies IncidentResult);
};

/**
 * Zips the files of an incident's folder, in place of the zip that lies there.
 *
 * @param options `date` of all entries; `more` texts by name, which lie in the zip alone
 * @returns the zip
 */
export const zipIncident = async (
  folder: string,
  runId: string,
  { date, more = {} }: { readonly date: Date; readonly more?: Readonly<Record<string, string>> },
): Promise<string> => {
  const file = join(folder, `incident-${runId}.zip`);
  const zip = new JSZip();
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort(byName))
    if (entry.isFile() && !entry.name.endsWith('.zip'))
      zip.file(entry.name, await readFile(join(folder, entry.name)), { date });
  for (const [name, text] of Object.entries(more)) zip.file(name, text, { date });
  const options = { type: 'uint8array', compression: 'DEFLATE', platform: 'UNIX' } as const;
  await atomicWriteFile(file, await zip.generateAsync(options));
  return file;
};

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;

/** `null` where nothing was put aside, or no more is there. */
const writtenSince = async ({ options, results }: StepDeps): Promise<DataDifference | null> => {
  const { facts } = options.plan;
  const sources = await putAsideSources(results.staged(), { sources: facts.sources });
  const backup = results.verified()?.backup;
  if (sources.length === 0 || backup == null) return null;
  // Whole: all that was put aside left the live data, whatever the filters say now.
  return compareData(await readManifest(backup), sources, { backup });
};

/** A line of the restore log. */
export const logLine = (
  at: string,
  event: { type: string; step: string; [field: string]: unknown },
): string => {
  const what = event.type.replace(/^step\./, '');
  const detail =
    what === 'failed'
      ? `: ${String(event['error'])}`
      : what === 'done'
        ? ` in ${String(event['ms'])} ms: ${JSON.stringify(event['data'])}`
        : '';
  return `${at} ${event.step} ${what}${detail}`;
};
