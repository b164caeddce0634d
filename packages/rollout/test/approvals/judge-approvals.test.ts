import { describe, expect, it } from 'vitest';
import { judgeApprovals, type Review } from '../../src/approvals/judge-approvals.ts';

const head = 'new';
const yes = (by: string, commit = head): Review => ({ by, state: 'APPROVED', commit });
const no = (by: string): Review => ({ by, state: 'CHANGES_REQUESTED', commit: head });
const rules = { count: 2, groups: [{ name: 'Ops/SRE', count: 1, people: ['olga', 'omar'] }] };

const judge = (...reviews: Review[]) => judgeApprovals({ author: 'ana', head, reviews }, rules);

describe('2 approvals, 1 of them of Ops/SRE', () => {
  it.each<[string, Review[], boolean]>([
    ['nobody', [], false],
    ['two, none of Ops', [yes('ben'), yes('cem')], false],
    ['one of Ops alone', [yes('olga')], false],
    ['two of Ops', [yes('olga'), yes('omar')], true],
    ['one of each', [yes('ben'), yes('olga')], true],
    ['logins in other letters', [yes('ben'), yes('OLGA')], true],
    ['the author and one of Ops', [yes('ana'), yes('olga')], false],
    ['the same person twice', [yes('olga'), yes('olga')], false],
    ['one of before the last push', [yes('ben', 'old'), yes('olga')], false],
    ['given again after the push', [yes('ben', 'old'), yes('olga'), yes('ben')], true],
    ['withdrawn', [yes('ben'), yes('olga'), no('ben')], false],
    ['changes asked for, then approved', [no('ben'), yes('olga'), yes('ben')], true],
    ['a third asks for changes', [yes('ben'), yes('olga'), no('dag')], false],
    ['dismissed', [yes('ben'), { ...yes('olga'), state: 'DISMISSED' }], false],
    ['a comment after it', [yes('ben'), yes('olga'), { ...yes('ben'), state: 'COMMENTED' }], true],
  ])('%s', (_what, reviews, enough) => {
    expect(judge(...reviews).enough).toBe(enough);
  });

  it('says who, and who does not count', () => {
    expect(judge(yes('ben', 'old'), yes('olga'), no('dag')).sentences).toEqual([
      '1 of 2 approvals: olga',
      '1 of 1 of Ops/SRE: olga',
      'of an older commit, so not counted: ben',
      'changes are asked for by dag',
    ]);
  });
});
