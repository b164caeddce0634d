import { posix } from 'node:path';

/**
 * @typedef {Record<string, unknown> & {
 *   url: string, data: { path: string }[], backup?: Record<string, unknown>,
 *   target: { root: string, artifact: string, init?: string | string[], start: string, stop: string },
 *   migrations?: { dir: string }, smoke?: { command: string | string[] },
 * }} Environment
 */

/** A path from the bundle, one folder below the repository. @param {string} path */
const fromBundle = (path) => posix.join('..', path);

/**
 * Where made data lies, in place of production's.
 *
 * @param {string} path
 * @throws {Error} where it cannot be seen that this is not production's own
 */
const aside = (path) => {
  const found = /^var\/production\/(\w[\w.-]*)$/.exec(path);
  if (found === null)
    throw new Error(
      `rollout.yaml: production's "${path}" was expected under var/production/, so that the rehearsal can put its own under var/premerge/`,
    );
  return fromBundle(`var/premerge/${found[1]}`);
};

/** The rehearsal's own copies of the releases, the bad one among them. @param {string} path */
const ownRelease = (path) =>
  fromBundle(path.replace(/^dist\/releases\//, 'var/premerge/artifacts/'));

/** A command that runs in the folder of rollout.yaml, moved to where that folder was. @param {string | string[]} command */
const inRepository = (command) => {
  if (typeof command !== 'string')
    throw new Error(
      `rollout.yaml: production's command ${JSON.stringify(command)} has no shell to change folder in`,
    );
  return `cd .. && ${command}`;
};

/** cmd.exe starts no .sh file: there the program behind it is called. @param {string} command @param {string} platform */
const startable = (command, platform) => {
  const script = /^\.\/(start|stop)\.sh$/.exec(command);
  return platform === 'win32' && script !== null ? `node control.js ${script[1]}` : command;
};

/**
 * The shipped production environment as `ci`: the same service, commands, drill and gates, with a free
 * port, made data and backups inside the bundle. No channel: nobody is told of a rehearsal.
 *
 * @param {{ service: string, environments: { production: Environment } }} shipped
 * @param {string} url
 * @param {string} [platform] as `process.platform` has it
 * @throws {Error} a part of production that cannot be moved safely
 */
export const ciConfig = (
  { service, environments: { production } },
  url,
  platform = process.platform,
) => {
  const { data, backup, target, migrations, smoke } = production;
  return {
    service,
    gates: 'quality-gates-config.json',
    environments: {
      ci: {
        ...production,
        url,
        data: data.map((source) => ({ ...source, path: aside(source.path) })),
        backup: {
          ...(backup?.['drill'] !== undefined && { drill: backup['drill'] }),
          dir: 'backups',
        },
        target: {
          ...target,
          root: aside(target.root),
          artifact: ownRelease(target.artifact),
          ...(target.init && { init: inRepository(target.init) }),
          start: startable(target.start, platform),
          stop: startable(target.stop, platform),
        },
        ...(migrations && { migrations: { ...migrations, dir: ownRelease(migrations.dir) } }),
        ...(smoke && { smoke: { ...smoke, command: inRepository(smoke.command) } }),
        notify: [],
        requireChannels: 0,
      },
    },
  };
};

/** The rehearsal's clock: production's hour in less than a minute. */
const shortened = {
  duration: '50s',
  pollCadence: { initial: 2, normal: 2, initialPeriod: '50s' },
  arming: { polls: 3, every: 2 },
};
const window = '14s';

/**
 * Production's gates for `ci`: the same gates and limits, on a shorter clock.
 *
 * @param {{ environments: { production: { qualityGates?: Record<string, object> } } }} shipped
 */
export const ciGates = ({ environments: { production } }) => ({
  environments: {
    ci: {
      ...production,
      ...shortened,
      qualityGates: Object.fromEntries(
        Object.entries(production.qualityGates ?? {}).map(([name, gate]) => [
          name,
          'timeWindow' in gate ? { ...gate, timeWindow: window } : gate,
        ]),
      ),
    },
  },
});
