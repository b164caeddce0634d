import { posix } from 'node:path';

/**
 * @typedef {Record<string, unknown> & {
 *   url: string, data: { path: string }[],
 *   target: { root: string, artifact: string, init?: string | string[] },
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

/** A command that runs in the folder of rollout.yaml, moved to where that folder was. @param {string | string[]} command */
const inRepository = (command) => {
  if (typeof command !== 'string')
    throw new Error(
      `rollout.yaml: production's command ${JSON.stringify(command)} has no shell to change folder in`,
    );
  return `cd .. && ${command}`;
};

/**
 * The shipped production environment as `ci`: the same service, commands and gates, with a free port,
 * made data and backups inside the bundle. No channel: nobody is told of a rehearsal.
 *
 * @param {{ service: string, environments: { production: Environment } }} shipped
 * @param {string} url
 * @throws {Error} a part of production that cannot be moved safely
 */
export const ciConfig = ({ service, environments: { production } }, url) => {
  const { data, target, migrations, smoke } = production;
  return {
    service,
    gates: 'quality-gates-config.json',
    environments: {
      ci: {
        ...production,
        url,
        data: data.map((source) => ({ ...source, path: aside(source.path) })),
        backup: { dir: 'backups' },
        target: {
          ...target,
          root: aside(target.root),
          artifact: fromBundle(target.artifact),
          ...(target.init && { init: inRepository(target.init) }),
        },
        ...(migrations && { migrations: { ...migrations, dir: fromBundle(migrations.dir) } }),
        ...(smoke && { smoke: { ...smoke, command: inRepository(smoke.command) } }),
        notify: [],
      },
    },
  };
};

/**
 * Production's gates for `ci`.
 *
 * @param {{ environments: { production: object } }} shipped
 */
export const ciGates = ({ environments: { production } }) => ({ environments: { ci: production } });
