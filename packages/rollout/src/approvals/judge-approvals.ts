import type { ApprovalRules } from '../config/approvals-schema.ts';

/** A review as GitHub has it. */
export interface Review {
  readonly by: string;
  readonly state: string;
  /** The commit that it was given for. */
  readonly commit: string | null;
}

export interface PullRequest {
  readonly author: string;
  readonly head: string;
  readonly reviews: readonly Review[];
}

/** A rule's people, once its team is read. */
export interface Group {
  readonly name: string;
  readonly count: number;
  readonly people: readonly string[];
}

export interface Judged {
  readonly enough: boolean;
  /** Who approved the newest commit, in order. */
  readonly approved: readonly string[];
  readonly sentences: readonly string[];
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The last review that says yes or no of each person but the author: comments change nothing. */
const verdicts = ({ author, reviews }: PullRequest): Review[] => {
  const last = new Map<string, Review>();
  for (const review of reviews)
    if (review.state !== 'COMMENTED' && review.state !== 'PENDING' && !same(review.by, author))
      last.set(review.by.toLowerCase(), review);
  return [...last.values()];
};

const names = (reviews: readonly Review[]): string =>
  reviews.length === 0 ? 'nobody' : reviews.map(({ by }) => by).join(', ');

/**
 * Whether a pull request is approved as the rules ask. An approval counts for the commit that it was given for, so one
 * of before the last push does not; nor does the author's own; and a request for changes stands until its giver approves.
 */
export const judgeApprovals = (
  pull: PullRequest,
  { count, groups }: { readonly count: ApprovalRules['count']; readonly groups: readonly Group[] },
): Judged => {
  const last = verdicts(pull);
  const approvals = last.filter(({ state }) => state === 'APPROVED');
  const fresh = approvals.filter(({ commit }) => commit === pull.head);
  const stale = approvals.filter(({ commit }) => commit !== pull.head);
  const against = last.filter(({ state }) => state === 'CHANGES_REQUESTED');
  const ofGroups = groups.map((group) => {
    const theirs = fresh.filter(({ by }) => group.people.some((one) => same(one, by)));
    return { group, theirs, ok: theirs.length >= group.count };
  });
  return {
    enough: against.length === 0 && fresh.length >= count && ofGroups.every(({ ok }) => ok),
    approved: fresh.map(({ by }) => by),
    sentences: [
      `${fresh.length} of ${count} approvals: ${names(fresh)}`,
      ...ofGroups.map(
        ({ group, theirs }) =>
          `${theirs.length} of ${group.count} of ${group.name}: ${names(theirs)}`,
      ),
      ...(stale.length === 0 ? [] : [`of an older commit, so not counted: ${names(stale)}`]),
      ...(against.length === 0 ? [] : [`changes are asked for by ${names(against)}`]),
    ],
  };
};
