import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { DataSource } from '../types.ts';
import { isRunning } from '../work-files.ts';
import { runOnServer } from './on-server.ts';
import { databaseOf } from './psql.ts';
import { dropDatabases, sideName } from './side-database.ts';

/** No drill takes longer; a database this old is nobody's any more, wherever its process was. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** A server may be shared by machines, whose process ids mean nothing to each other. */
const machine = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 4);

/** Id of a restore that is a drill: whose it is, and since when, can be told from the names that come of it. */
export const drillId = (nowMs: number): string =>
  `drill-${machine()}-${process.pid.toString(36)}-${Math.floor(nowMs / 1000).toString(36)}`;

const OF_DRILL = /_(?:restore|prev)_(drill-([0-9a-f]{4})-([0-9a-z]+)-([0-9a-z]+))$/;

const isAbandoned = (name: string, live: string, nowMs: number): boolean => {
  const [, id = '', where, pid = '', since = ''] = OF_DRILL.exec(name) ?? [];
  const first = sideName(live, 'restore', id);
  // A drill swaps that one too, by the same names.
  const ours = [first, sideName(first, 'restore', id), sideName(first, 'prev', id)];
  if (!ours.includes(name)) return false;
  if (nowMs - Number.parseInt(since, 36) * 1000 > ABANDONED_MS) return true;
  return where === machine() && !isRunning(Number.parseInt(pid, 36));
};

/** Those of a server's databases that a killed drill of the live one left. Pure but for asking which processes live. */
export const abandonedAmong = (names: readonly string[], live: string, nowMs: number): string[] =>
  names.filter((name) => isAbandoned(name, live, nowMs));

/**
 * Drops the scratch databases that drills left which were killed.
 *
 * @returns the names of those dropped
 * @throws BackupError `command-failed`, `server-lost`
 */
export const sweepDrillDatabases = async (
  sources: readonly DataSource[],
  { now, signal }: { readonly now: number; readonly signal?: AbortSignal | undefined },
): Promise<string[]> => {
  const dropped: string[] = [];
  for (const source of sources) {
    if (source.type !== 'postgres') continue;
    const live = databaseOf(source);
    const names = await runOnServer(
      source,
      'SELECT to_json(datname) FROM pg_database WHERE NOT datistemplate;',
      { signal },
    );
    const left = abandonedAmong(names.map(String), live, now);
    if (left.length > 0) await dropDatabases(source, left);
    dropped.push(...left);
  }
  return dropped;
};
