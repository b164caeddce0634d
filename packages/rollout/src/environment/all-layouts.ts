import { dirname } from 'node:path';
import { isConfigError } from '../config/config-error.ts';
import { environmentConfig, loadConfig } from '../config/load-config.ts';
import { isNotThere } from '../errors.ts';
import { type Layout, layoutOf } from '../record/layout.ts';
import { byAge, type RecordedRun, type Survey, surveyRuns } from '../record/runs.ts';
import type { CommandContext } from './context.ts';

/**
 * Every place that may hold records: that of each environment whose configuration can be read, and
 * the checkout, by whose links and older records the others are found.
 */
const placesOf = async (
  context: CommandContext,
): Promise<{ env: string | null; layout: Layout }[]> => {
  const root = dirname(context.configFile);
  const checkout = { env: null, layout: layoutOf(root) };
  try {
    const file = await loadConfig(context.configFile);
    const places = file.environments.flatMap((env) => {
      try {
        const { state } = environmentConfig(file, env, context.processEnv);
        return state === null ? [] : [{ env, layout: layoutOf(root, state) }];
      } catch (error) {
        if (!isConfigError(error)) throw error;
        return [];
      }
    });
    return [...places, checkout];
  } catch (error) {
    // Records can be read without the configuration.
    if (!isConfigError(error) && !isNotThere(error)) throw error;
    return [checkout];
  }
};

/** Where records of one name may lie, the likelier first. */
export const layoutsOf = async (context: CommandContext): Promise<Layout[]> =>
  (await placesOf(context)).map(({ layout }) => layout);

/** The runs of an environment (of all where it is `null`), wherever they lie, newest first. */
export const surveyAll = async (context: CommandContext, env: string | null): Promise<Survey> => {
  const runs = new Map<string, RecordedRun>();
  const broken = new Map<string, Survey['broken'][number]>();
  for (const place of await placesOf(context)) {
    if (env !== null && place.env !== null && place.env !== env) continue;
    const survey = await surveyRuns(place.layout, env ?? place.env);
    for (const run of survey.runs) if (!runs.has(run.state.run)) runs.set(run.state.run, run);
    for (const one of survey.broken) if (!broken.has(one.run)) broken.set(one.run, one);
  }
  return {
    runs: [...runs.values()].sort(byAge),
    broken: [...broken.values()].filter(({ run }) => !runs.has(run)),
  };
};
