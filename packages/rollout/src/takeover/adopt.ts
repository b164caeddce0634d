import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding } from '../environment/lock.ts';
import { beginRun, closeRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import { newRunId } from '../record/run-id.ts';
import { listRuns, newestChange } from '../record/runs.ts';
import { requireVariables } from '../targets/run-target-command.ts';

/** What the target calls active, or what it was told to. */
const versionToAdopt = (current: string | null, asked: string | null, env: string): string => {
  if (current !== null && asked !== null && current !== asked)
    throw new RolloutError(
      'other-version',
      exitCodes.usage,
      `release ${current} is active in ${env}, not ${asked}: nothing was adopted`,
    );
  const version = current ?? asked;
  if (version !== null) return version;
  throw new RolloutError(
    'no-release',
    exitCodes.usage,
    `the target of ${env} names no active release`,
    {
      hints: [
        'say which one runs: --version V; of a target "releases" its artifact is then laid, and nothing started',
      ],
    },
  );
};

/**
 * The release that runs becomes the first on record: nothing is stopped or started. A target that knows of no release
 * is told of it: its artifact is laid and made the active one, so that a later deploy can go back to it.
 *
 * @throws {RolloutError} `not-first`, `no-release`, `other-version` (exit 2), `not-healthy` (exit 1)
 */
export const adopt = async (
  context: CommandContext,
  environment: Environment,
  { version: asked, reason }: { readonly version: string | null; readonly reason: string },
): Promise<CommandResult> => {
  const { config, layout, lockFile } = environment;
  const { env } = config;
  requireVariables(config);
  const run = newRunId(context.clock.now(), env, 'service');
  return holding(
    context,
    { lockFile, command: 'adopt', env, run, role: 'change' },
    async (lock) => {
      const newest = newestChange(await listRuns(layout, env));
      if (newest !== null)
        throw new RolloutError(
          'not-first',
          exitCodes.usage,
          `${env} has releases on record already, the newest by run ${newest.state.run}: nothing was adopted`,
          { hints: [`npx dhash-rollout status --env ${env}`] },
        );
      const looked = environment.target({ runId: run, version: null, previous: null });
      const current = await looked.current();
      const version = versionToAdopt(current, asked, env);
      const health = await environment.health(version).check(context.signal);
      if (health.ok !== true)
        throw new RolloutError(
          'not-healthy',
          exitCodes.failed,
          `release ${version} is not seen to run at ${config.url}: ${health.reason ?? 'no answer'}; nothing was adopted`,
        );
      const recorder = await beginRun(context, environment, { run, kind: 'service', version });
      return workOnRun(context, environment, { lock, recorder }, async (open) => {
        const target = environment.target({ runId: run, version, previous: null });
        if (current === null) {
          await target.lay(version);
          await target.activate(version);
        }
        const what = `adopted release ${version}, which ran before it was on record: ${reason}`;
        await closeRun(open, {
          outcome: 'done',
          reason: what,
          user: currentUser(context.processEnv),
          to: version,
        });
        context.output.line(
          `${what}; nothing was stopped${current === null ? `, and a later deploy can go back to it` : ''}`,
        );
        return { exit: exitCodes.done, run, fields: { env, version, laid: current === null } };
      });
    },
  );
};
