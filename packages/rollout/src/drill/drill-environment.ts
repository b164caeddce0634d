import { join } from 'node:path';
import { isSameDatabase } from '@dhash/backup-core';
import { commandVariables } from '../process/command-variables.ts';

/** Where a source was restored in a drill. */
export interface RestoredAt {
  readonly name: string;
  /** A path; of a database on a server, the address of its scratch database: secret. */
  readonly at: string;
  /** The address of the live database, where it is one. */
  readonly live?: string;
}

export interface DrillEnvironmentFacts {
  readonly env: string;
  /** Address that the drilled service is to listen on. */
  readonly url: string;
  readonly id: string;
  readonly release: string;
  /** The drill's own folder. */
  readonly scratch: string;
  /** Where each source was restored: a path, or the address of a scratch database. */
  readonly restored: readonly RestoredAt[];
  /** `drill.env`: names of our variables that go in. */
  readonly allowed: readonly string[];
}

/** Folder of the restored data in a drill's own folder. */
export const dataFolder = (scratch: string): string => join(scratch, 'data');

/** The value of an allowed variable; the scratch database's address in place of the live one's. */
const notLive = (value: string, restored: readonly RestoredAt[]): string =>
  restored.find(({ live }) => live !== undefined && isSameDatabase(live, value))?.at ?? value;

/** All that a drilled process sees of an environment: the drill's facts, PATH, and what was allowed. Pure. */
export const drillEnvironment = (
  { env, url, id, release, scratch, restored, allowed }: DrillEnvironmentFacts,
  processEnv: NodeJS.ProcessEnv,
): Record<string, string> => {
  const ours = allowed.flatMap((name) => {
    const value = processEnv[name];
    return value === undefined ? [] : [[name, notLive(value, restored)] as const];
  });
  const data = restored.map(
    ({ name, at }) => [`ROLLOUT_DATA_${name.toUpperCase().replaceAll('-', '_')}`, at] as const,
  );
  return {
    ...Object.fromEntries(ours),
    PATH: processEnv['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: join(scratch, 'home'),
    TMPDIR: join(scratch, 'tmp'),
    ...commandVariables({ env, url }, { runId: id, version: release, previous: null }),
    ROLLOUT_DRILL: '1',
    ROLLOUT_DATA: dataFolder(scratch),
    ...Object.fromEntries(data),
  };
};
