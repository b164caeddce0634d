import ky, { isHTTPError } from 'ky';
import * as z from 'zod';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import type { PullRequest } from './judge-approvals.ts';

const TIMEOUT_MS = 10_000;
/** GitHub's most entries a page. */
const PER_PAGE = 100;

const person = z.looseObject({ login: z.string() });
const pullSchema = z.looseObject({ user: person, head: z.looseObject({ sha: z.string() }) });
const reviewsSchema = z.array(
  z.looseObject({ user: person.nullable(), state: z.string(), commit_id: z.string().nullish() }),
);
const peopleSchema = z.array(person);

export interface GitHubAccess {
  /** Address of its API, e.g. https://api.github.com. */
  readonly api: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

const refused = (path: string, error: unknown): RolloutError => {
  const status = isHTTPError(error) ? error.response.status : null;
  const why = status === null ? messageOf(error) : `HTTP ${status}`;
  const hints =
    status === 401 || status === 403 || status === 404
      ? [
          'GITHUB_TOKEN must be one that may read this; a team needs read:org, or list its members in rollout.yaml',
        ]
      : [];
  return new RolloutError('github', exitCodes.failed, `GitHub does not say ${path}: ${why}`, {
    hints,
    cause: error,
  });
};

const get = async <T>(
  { api, token, signal }: GitHubAccess,
  path: string,
  schema: z.ZodType<T>,
): Promise<T> => {
  try {
    const answer = await ky(`${api.replace(/\/$/, '')}/${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json' },
      timeout: TIMEOUT_MS,
      signal,
    }).json();
    return schema.parse(answer);
  } catch (error) {
    throw refused(path, error);
  }
};

/** All pages of a list. */
const getAll = async <T>(
  access: GitHubAccess,
  path: string,
  schema: z.ZodType<T[]>,
): Promise<T[]> => {
  const all: T[] = [];
  for (let page = 1; ; page += 1) {
    const found = await get(access, `${path}?per_page=${PER_PAGE}&page=${page}`, schema);
    all.push(...found);
    if (found.length < PER_PAGE) return all;
  }
};

/** @throws {RolloutError} `github`, exit 1: it can't be read, and why */
export const readPullRequest = async (
  access: GitHubAccess,
  repo: string,
  number: number,
): Promise<PullRequest> => {
  const path = `repos/${repo}/pulls/${number}`;
  const { user, head } = await get(access, path, pullSchema);
  const reviews = await getAll(access, `${path}/reviews`, reviewsSchema);
  return {
    author: user.login,
    head: head.sha,
    reviews: reviews.flatMap(({ user: by, state, commit_id }) =>
      by === null ? [] : [{ by: by.login, state, commit: commit_id ?? null }],
    ),
  };
};

/** @param team `@ORGANISATION/TEAM` @throws {RolloutError} `github`, exit 1 */
export const readTeam = async (access: GitHubAccess, team: string): Promise<string[]> => {
  const [organisation, slug] = team.slice(1).split('/');
  const members = await getAll(access, `orgs/${organisation}/teams/${slug}/members`, peopleSchema);
  return members.map(({ login }) => login);
};
