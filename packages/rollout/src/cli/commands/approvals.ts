import { InvalidArgumentError } from 'commander';
import { type GitHubAccess, readPullRequest, readTeam } from '../../approvals/ask-github.ts';
import { type Group, judgeApprovals } from '../../approvals/judge-approvals.ts';
import { type ApprovalRules, approvalsSchema } from '../../config/approvals-schema.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { FileInput } from '../../config/schema.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface ApprovalsFlags extends GlobalOptions {
  readonly pr: number;
  readonly repo?: string;
}

const pullNumber = (value: string): number => {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be the number of a pull request.');
};

export const registerApprovals: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--pr <number>', 'the pull request', pullNumber)
      .option('--repo <owner/name>', 'repository at GitHub (default: GITHUB_REPOSITORY)')
      .addHelpText(
        'after',
        '\nGITHUB_TOKEN must be able to read pull requests, and members of the teams that are named (read:org).\nExample: dhash-rollout approvals --pr 42 --repo example/shop',
      ),
  ).action((flags: ApprovalsFlags) =>
    run('approvals', flags, (context) => approvals(context, flags)),
  );
};

const accessOf = ({ processEnv, signal }: CommandContext): GitHubAccess => {
  const token = processEnv['GITHUB_TOKEN'] ?? '';
  if (token === '')
    throw new RolloutError(
      'no-token',
      exitCodes.usage,
      'GITHUB_TOKEN is not set: reviews are read with it',
    );
  return { api: processEnv['GITHUB_API_URL'] ?? 'https://api.github.com', token, signal };
};

const repositoryOf = ({ processEnv }: CommandContext, { repo }: ApprovalsFlags): string => {
  const found = repo ?? processEnv['GITHUB_REPOSITORY'] ?? '';
  if (/^[\w.-]+\/[\w.-]+$/.test(found)) return found;
  throw new RolloutError(
    'no-repository',
    exitCodes.usage,
    `--repo OWNER/NAME is needed, got "${found}"`,
  );
};

const groupsOf = (access: GitHubAccess, { of }: ApprovalRules): Promise<Group[]> =>
  Promise.all(
    of.map(async ({ name, count, team, members = [] }) => ({
      name,
      count,
      people: [...members, ...(team === undefined ? [] : await readTeam(access, team))],
    })),
  );

const approvals = async (
  context: CommandContext,
  flags: ApprovalsFlags,
): Promise<CommandResult> => {
  const access = accessOf(context);
  const repo = repositoryOf(context, flags);
  const { raw } = await loadConfig(context.configFile);
  const rules = approvalsSchema.parse((raw as FileInput).approvals ?? {});
  const pull = await readPullRequest(access, repo, flags.pr);
  const { enough, approved, sentences } = judgeApprovals(pull, {
    count: rules.count,
    groups: await groupsOf(access, rules),
  });
  for (const sentence of sentences) context.output.line(sentence);
  context.output.line(
    enough
      ? `pull request ${flags.pr} is approved`
      : `pull request ${flags.pr} is not approved yet`,
  );
  return {
    exit: enough ? exitCodes.done : exitCodes.failed,
    fields: { pr: flags.pr, repo, head: pull.head, enough, approved },
  };
};
