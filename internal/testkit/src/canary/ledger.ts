import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one part of a run was searched for, and what was found. */
export interface Searched {
  readonly files?: number;
  /** Files that hold the secret because a test or a person put it there: configuration, secret files. */
  readonly byDesign?: number;
  readonly outputBytes?: number;
  readonly processes?: number;
  /** Requests that brought the secret where it belongs: without any, the search proves nothing. */
  readonly received?: number;
  /** Where it must not be and was. */
  readonly found?: readonly string[];
}

const ledgerIn = (folder: string): string => join(folder, 'searched.ndjson');

/** The folder of this run's ledger; undefined: nobody searches. */
export const ledgerFolder = (): string | undefined => process.env['CANARY_FOLDER'];

/** Adds a line; processes side by side may. */
export const note = (folder: string, searched: Searched): void => {
  mkdirSync(folder, { recursive: true });
  appendFileSync(ledgerIn(folder), `${JSON.stringify(searched)}\n`);
};

/** All lines as one. */
export const total = (folder: string): Required<Searched> => {
  const lines = readFileSync(ledgerIn(folder), 'utf8').trim().split('\n');
  const all = lines.map((line) => JSON.parse(line) as Searched);
  const sum = (key: 'files' | 'byDesign' | 'outputBytes' | 'processes' | 'received') =>
    all.reduce((so, one) => so + (one[key] ?? 0), 0);
  return {
    files: sum('files'),
    byDesign: sum('byDesign'),
    outputBytes: sum('outputBytes'),
    processes: sum('processes'),
    received: sum('received'),
    found: all.flatMap(({ found }) => found ?? []),
  };
};
