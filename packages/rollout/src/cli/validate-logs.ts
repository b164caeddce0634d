import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isRightMissing, readJournal, verifyJournal } from '@dhash/journal';
import { readSampleLog, sampleLogSha256 } from '@dhash/monitor';
import { isNotThere, messageOf } from '../errors.ts';
import type { Layout } from '../record/layout.ts';

/** One check of one file: what was looked at, and what is wrong with it. */
export interface LogFinding {
  readonly file: string;
  readonly check: 'readable' | 'chain' | 'complete' | 'samples' | 'json' | 'secret';
  /** `null`: it is as it should be. */
  readonly problem: string | null;
}

/** Files below a folder; of a folder that may not be read, why. */
const filesBelow = async (
  folder: string,
  onUnread: (path: string, why: string) => void,
): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isNotThere(error)) return [];
    if (!isRightMissing(error)) throw error;
    onUnread(folder, messageOf(error));
    return [];
  });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isFile()) files.push(path);
    if (entry.isDirectory()) files.push(...(await filesBelow(path, onUnread)));
  }
  return files;
};

/** A check that speaks by throwing. */
const nothingWrong = async (check: Promise<unknown>): Promise<null> => {
  await check;
  return null;
};

const attempt = async (work: () => Promise<string | null>): Promise<string | null> => {
  try {
    return await work();
  } catch (error) {
    return messageOf(error);
  }
};

/** A closed run says so in its last line; each watch's samples are those that its end names. */
const completeness = async (layout: Layout, journal: string): Promise<string | null> => {
  const { events, torn } = await readJournal(journal);
  if (torn)
    return 'its last line is torn: the process died while it wrote; the next open cuts it off';
  const closedAt = events.findIndex(({ type }) => type === 'run.closed');
  if (closedAt >= 0 && closedAt !== events.length - 1)
    return `line ${closedAt + 2} comes after run.closed`;
  const ended = events.findLast(({ type }) => type === 'watch.ended');
  const started = events.findLast(
    ({ type }) => type === 'watch.started' || type === 'watch.resumed',
  );
  if (ended === undefined || (started !== undefined && started.seq > ended.seq)) return null;
  const run = journal.split(/[\\/]/).at(-2) ?? '';
  const samples = layout.run(run).samples;
  if (!existsSync(samples))
    return `${relative(layout.root, layout.linked(samples))}, which watch.ended names, is missing`;
  const sha256 = await sampleLogSha256(samples);
  return sha256 === ended['sha256']
    ? null
    : `${relative(layout.root, layout.linked(samples))} is not the file that watch.ended names`;
};

const jsonProblem = async (file: string): Promise<string | null> => {
  const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null ? null : 'expected a JSON object';
};

/** Secrets shorter than this would be found in any text. */
const minSecretLength = 8;

/**
 * Checks all that runs wrote below the folder of rollout.yaml: that each record's chain holds and is
 * complete, that samples and summaries parse, and that no configured secret stands in any of them.
 */
export const validateLogs = async (
  layout: Layout,
  secrets: readonly string[],
): Promise<LogFinding[]> => {
  const findings: LogFinding[] = [];
  const shown = (file: string) => relative(layout.root, layout.linked(file));
  const add = (file: string, check: LogFinding['check'], problem: string | null) =>
    findings.push({ file: shown(file), check, problem });
  const folders = [
    ...(layout.shared === null ? [] : [layout.shared.runs, layout.shared.monitor]),
    layout.rollouts,
    layout.monitorLogs,
    layout.incidents,
    layout.notifications,
  ];
  const files: string[] = [];
  for (const folder of folders)
    files.push(...(await filesBelow(folder, (path, why) => add(path, 'readable', why))));
  const wanted = secrets.filter((secret) => secret.length >= minSecretLength);
  for (const file of files) {
    if (file.endsWith('journal.ndjson')) {
      add(file, 'chain', await attempt(() => nothingWrong(verifyJournal(file))));
      add(file, 'complete', await attempt(() => completeness(layout, file)));
    } else if (/(samples|baseline)(-\d+)?\.ndjson$/.test(file)) {
      add(file, 'samples', await attempt(() => nothingWrong(readSampleLog(file))));
    } else if (file.endsWith('.json')) {
      add(file, 'json', await attempt(() => jsonProblem(file)));
    }
    const content = await readFile(file).catch((error: unknown) => {
      if (!isRightMissing(error)) throw error;
      add(file, 'readable', messageOf(error));
      return null;
    });
    if (content === null) continue;
    const leaked = wanted.some((secret) => content.includes(secret));
    add(
      file,
      'secret',
      leaked
        ? 'it holds a secret of rollout.yaml: change that secret where it was issued (a record is kept as it is)'
        : null,
    );
  }
  return findings;
};
