import { join } from 'node:path';
import type { CommandTargetConfig, EnvironmentConfig } from '../config/types.ts';
import { shownCommand } from '../process/run-command.ts';
import { visibleLine } from '../words/visible.ts';
import { runTargetCommand, type TargetCommand } from './run-target-command.ts';
import { type StartableTarget, TargetError, type TargetRun } from './types.ts';

/** No control characters and no leading dash: it is a variable in other people's shell scripts. */
const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,199}$/;

/** A target whose releases the project's own commands switch; they run in the folder of rollout.yaml. */
export const openCommandTarget = (
  config: EnvironmentConfig,
  target: CommandTargetConfig,
  run: TargetRun,
): StartableTarget => {
  const { root } = config;
  let activated: string | null | undefined;

  const invoke = (name: TargetCommand['name'], version: string | null, isQuery = false) => {
    const command = target[name];
    return command === null
      ? null
      : runTargetCommand(config, run, { name, command, cwd: root, version, isQuery });
  };

  const checked = (version: string): string => {
    if (versionPattern.test(version)) return version;
    throw new TargetError(
      'bad-version',
      `"${visibleLine(version)}" is no version: letters, digits and ._:@/+-`,
    );
  };

  const answer = async (name: 'current' | 'version'): Promise<string | null> => {
    const text = (await invoke(name, run.version, true))?.stdout.trim() ?? '';
    return text === '' ? null : checked(text);
  };

  /** The release that start and stop are about: the one activated here, else the one that is active. */
  const active = async (): Promise<string | null> =>
    activated === undefined ? await answer('current') : activated;

  const activate = async (version: string | null): Promise<void> => {
    await invoke('activate', version);
    activated = version;
  };

  return {
    kind: 'command',
    lockFile: join(config.state ?? join(root, 'rollouts'), `lock-${config.env}.json`),
    current: () => answer('current'),
    versions: async () => {
      const version = await answer('version');
      return version === null ? [] : [version];
    },
    // Only the activate command knows; a version that could not even be passed to it is none.
    hasVersion: async (version) => versionPattern.test(version),
    init: async (version) => {
      await invoke('init', checked(version));
    },
    lay: async () => null,
    unlay: async () => undefined,
    activate: async (version) => activate(checked(version)),
    deactivate: () => activate(null),
    start: async () => {
      await invoke('start', await active());
    },
    stop: async () => {
      await invoke('stop', await active());
    },
    // What it laid is its own, and so is what it removes.
    prunable: async () => [],
    prune: async () => ({ removed: [], left: [] }),
    describe: () => [
      'target: commands of the project',
      ...(['current', 'activate', 'init', 'start', 'stop', 'version'] as const).flatMap((name) => {
        const command = target[name];
        return command === null ? [] : [`${name}: ${shownCommand(command)}`];
      }),
    ],
  };
};
