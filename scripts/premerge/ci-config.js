import { posix } from 'node:path';

/**
 * @typedef {Record<string, unknown> & {
 *   url: string, data: { path: string }[], target: { root: string, artifact: string },
 *   migrations?: { dir: string }, smoke?: { command: string },
 * }} Environment
 */

/** The bundle lies one folder below rollout.yaml, and its data under var/premerge. @param {string} path */
const moved = (path) => posix.join('..', path.replace(/^var\/production(?=\/|$)/, 'var/premerge'));

/**
 * The shipped production environment as `ci`: the same service, commands and gates, with a free port,
 * made data and backups inside the bundle. No channel: nobody is told of a rehearsal.
 *
 * @param {{ service: string, environments: { production: Environment } }} shipped
 * @param {string} url
 */
export const ciConfig = ({ service, environments: { production } }, url) => ({
  service,
  gates: 'quality-gates-config.json',
  environments: {
    ci: {
      ...production,
      url,
      data: production.data.map((source) => ({ ...source, path: moved(source.path) })),
      backup: { dir: 'backups' },
      target: {
        ...production.target,
        root: moved(production.target.root),
        artifact: moved(production.target.artifact),
      },
      ...(production.migrations && {
        migrations: { ...production.migrations, dir: moved(production.migrations.dir) },
      }),
      // Commands run in the folder of rollout.yaml, which is the bundle here.
      ...(production.smoke && {
        smoke: { ...production.smoke, command: `cd .. && ${production.smoke.command}` },
      }),
      notify: [],
    },
  },
});

/**
 * Production's gates for `ci`.
 *
 * @param {{ environments: { production: object } }} shipped
 */
export const ciGates = ({ environments: { production } }) => ({ environments: { ci: production } });
