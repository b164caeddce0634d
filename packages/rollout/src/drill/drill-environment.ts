import { join } from 'node:path';
import { commandVariables } from '../command/command-variables.ts';

export interface DrillEnvironmentFacts {
  readonly env: string;
  /** Address that the drilled service is to listen on. */
  readonly url: string;
  readonly id: string;
  readonly release: string;
  /** The drill's own folder. */
  readonly scratch: string;
  /** Where each source was restored. */
  readonly places: readonly { readonly name: string; readonly path: string }[];
  /** `drill.env`: names of our variables that go in. */
  readonly allowed: readonly string[];
}

/** Folder of the restored data in a drill's own folder. */
export const dataFolder = (scratch: string): string => join(scratch, 'data');

/** All that a drilled process sees of an environment: the drill's facts, PATH, and what was allowed. Pure. */
export const drillEnvironment = (
  { env, url, id, release, scratch, places, allowed }: DrillEnvironmentFacts,
  processEnv: NodeJS.ProcessEnv,
): Record<string, string> => {
  const ours = allowed.flatMap((name) => {
    const value = processEnv[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const data = places.map(
    ({ name, path }) => [`ROLLOUT_DATA_${name.toUpperCase().replaceAll('-', '_')}`, path] as const,
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
