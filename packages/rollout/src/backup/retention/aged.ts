import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentConfig, KeepFor } from '../../config/types.ts';
import { isNotThere } from '../../errors.ts';
import type { Layout } from '../../record/layout.ts';
import { environmentIn } from '../../record/runs.ts';
import type { Pinned } from './references.ts';

/** Something other than a backup that stays for a time of its own. */
export interface AgedThing {
  readonly kind: keyof KeepFor;
  /** Of a file or a folder in `folder`; files that lie beside it begin with it and a dot. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Absolute: the folder that it is a link to, where that is one of ours; it goes with its link. */
  readonly linksTo?: string;
  /** By its name; Unix epoch, ms. */
  readonly atMs: number;
}

/** One of them, and why it stays or goes. */
export interface AgedLine extends AgedThing {
  readonly stays: boolean;
  readonly reason: string;
}

const STAMP = /^(?:(?:dhash|incomplete)_)?(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z[_-]/;

const timeIn = (name: string): number => {
  const [, year, month, day, hour, minute, second] = STAMP.exec(name) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
};

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isNotThere(error)) return [];
    throw error;
  }
};

/** What of this environment lies in the folders whose content ages. Whatever else lies there is not looked at. */
export const gatherAged = async (
  config: Pick<EnvironmentConfig, 'env' | 'backup'>,
  layout: Layout,
): Promise<AgedThing[]> => {
  // Two environments may share a folder; what one's records refer to is not the other's to know.
  const zip = new RegExp(`^(?:dhash|incomplete)_\\d{8}T\\d{6}Z_${config.env}(?:_.+)?\\.zip$`);
  const isZip = (name: string) => zip.test(name);
  const isRun = (name: string) => environmentIn(name) === config.env;
  const places: readonly [AgedThing['kind'], string, (name: string) => boolean][] = [
    ['safety', join(config.backup.dir, 'safety'), isZip],
    ['incomplete', join(config.backup.dir, 'incomplete'), isZip],
    ['incidents', layout.incidents, isRun],
    ['monitorLogs', layout.monitorLogs, isRun],
  ];
  const found: AgedThing[] = [];
  for (const [kind, folder, isOurs] of places) {
    const shared = kind === 'monitorLogs' ? layout.shared?.monitor : undefined;
    const sharedNames = shared === undefined ? [] : await namesIn(shared);
    const names = new Set([...(await namesIn(folder)), ...sharedNames].filter(isOurs));
    for (const name of [...names].sort().reverse()) {
      const atMs = timeIn(name);
      if (Number.isNaN(atMs)) continue;
      const linksTo =
        shared !== undefined && sharedNames.includes(name) ? { linksTo: join(shared, name) } : {};
      found.push({ kind, name, folder, ...linksTo, atMs });
    }
  }
  return found;
};

export interface AgedFacts {
  readonly now: number;
  readonly keepFor: KeepFor;
  /** Runs that are not closed. */
  readonly openRuns: ReadonlySet<string>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const inDays = (ms: number): string => `${Math.floor(ms / DAY_MS)} days`;

const byAge = ({ kind, atMs }: AgedThing, { now, keepFor }: AgedFacts): string | null => {
  const keepMs = keepFor[kind];
  if (keepMs === null) return 'kept for ever';
  if (now - atMs >= keepMs) return null;
  return `${inDays(Math.max(0, now - atMs))} old, kept for ${inDays(keepMs)}`;
};

/** Incidents first: one that stays is a reason for other things to stay. Pure. */
export const planIncidents = (things: readonly AgedThing[], facts: AgedFacts): AgedLine[] =>
  things
    .filter(({ kind }) => kind === 'incidents')
    .map((thing) => {
      const isOpen = facts.openRuns.has(thing.name) ? 'its run is open' : null;
      return lineOf(thing, byAge(thing, facts) ?? isOpen, facts);
    });

/** The rest, by age and by what refers to it. Pure. */
export const planOthers = (
  things: readonly AgedThing[],
  facts: AgedFacts & { readonly pinned: Pinned; readonly incidents: readonly string[] },
): AgedLine[] =>
  things
    .filter(({ kind }) => kind !== 'incidents')
    .map((thing) => {
      const { kind, name } = thing;
      const pinned = kind === 'monitorLogs' ? undefined : facts.pinned.get(name)?.[0];
      const isOpen = facts.openRuns.has(name) ? 'its run is open' : null;
      const hasIncident = facts.incidents.includes(name) ? 'its incident is kept' : null;
      return lineOf(thing, byAge(thing, facts) ?? pinned ?? isOpen ?? hasIncident, facts);
    });

const lineOf = (thing: AgedThing, reason: string | null, { now, keepFor }: AgedFacts): AgedLine =>
  reason === null
    ? {
        ...thing,
        stays: false,
        reason: `${inDays(now - thing.atMs)} old, kept for ${inDays(keepFor[thing.kind] ?? 0)}`,
      }
    : { ...thing, stays: true, reason };
