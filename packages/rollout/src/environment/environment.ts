import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { HealthProbe, Probes } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { environmentConfig, loadConfig } from '../config/load-config.ts';
import { factsOf } from '../config/secrets-in-facts.ts';
import type { EnvironmentConfig } from '../config/types.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { tendLogs } from '../process/tend-logs.ts';
import { type Layout, layoutOf } from '../record/layout.ts';
import { logsFolder } from '../targets/state-folder.ts';
import { openTarget, type Target } from '../targets/target.ts';
import type { CommandContext } from './context.ts';
import { type ProbesFor, probesOf } from './probes.ts';
import type { Reach } from './reach.ts';

/** One environment of one service, as its two files describe it. */
export interface Environment {
  readonly config: EnvironmentConfig;
  readonly layout: Layout;
  /** Absolute; where the target is. */
  readonly lockFile: string;
  /** Path as people should read it: from the folder of rollout.yaml. */
  shown(path: string): string;
  /** The same from another folder: what a command that is typed there can be given. */
  shownFrom(folder: string, path: string): string;
  /** The gates of this environment; reads and checks the gates file. */
  policy(): Promise<WatchPolicy>;
  /** The target as one run sees it: its commands get the run, the version and the one before. */
  target(run: { runId: string; version: string | null; previous: string | null }): Target;
  /** Turns the logs of what start commands left running over, where they grew. */
  tendLogs(): ReturnType<typeof tendLogs>;
  /** Asks the service whether it is well; `version` is what it must say it runs, where rollout.yaml names a field. */
  health(version: string | null): HealthProbe;
  /** Asks for health and metrics, as a watch does. */
  probes(about: ProbesFor): Probes;
}

const realReach: Reach = { openTarget, probesOf };

export const openEnvironment = async (
  context: CommandContext,
  name: string,
): Promise<Environment> => {
  const config = environmentConfig(await loadConfig(context.configFile), name, context.processEnv);
  hideSecrets(context, config, []);
  return environmentOf(context, config);
};

/** Masks the secrets in all that people see; names stay, and so do those of the gates where they are known. */
const hideSecrets = (
  { output }: CommandContext,
  config: EnvironmentConfig,
  gates: readonly string[],
): void => {
  const facts = factsOf(config).map(({ value }) => value);
  output.hide(config.secrets, [...facts, ...gates]);
};

const environmentOf = (context: CommandContext, config: EnvironmentConfig): Environment => {
  const layout = layoutOf(config.root, config.state);
  const reach = context.reach ?? realReach;
  const target: Environment['target'] = ({ runId, version, previous }) =>
    reach.openTarget(config, {
      runId,
      version,
      previous,
      clock: context.clock,
      signal: context.signal,
      leave: context.leave,
      onOutput: (text) => context.output.detail(text.trimEnd()),
      onNotice: (text) => context.output.line(text),
      onDetail: (text) => context.output.detail(text),
    });
  return {
    config,
    layout,
    lockFile: target({ runId: 'lock', version: null, previous: null }).lockFile,
    shown: (path) => {
      const shown = relative(config.root, layout.linked(path));
      return shown.startsWith('..') ? path : shown;
    },
    shownFrom: (folder, path) => {
      const fromHere = relative(folder, path);
      return fromHere.startsWith('..') ? path : fromHere;
    },
    policy: async () => {
      if (!existsSync(config.gatesFile)) {
        throw new RolloutError(
          'gates-file-missing',
          exitCodes.usage,
          `the gates file ${config.gatesFile} does not exist; rollout.yaml names it under "gates"`,
        );
      }
      const file = parseGates(await readFile(config.gatesFile, 'utf8'), { file: config.gatesFile });
      const policy = gatesFor(file, config.env);
      hideSecrets(context, config, Object.keys(policy.gates));
      return policy;
    },
    target,
    tendLogs: () => tendLogs(logsFolder(config)),
    probes: (about) => reach.probesOf(config, about),
    health: (version) => reach.probesOf(config, { version }).health,
  };
};
