import { expect, it } from 'vitest';
import { endingOf } from '../../src/pages/watch-report.ts';
import { folded, recorded } from '../record/recorded.ts';

const opened = { type: 'run.opened', kind: 'deploy', env: 'production', version: '1.1' };
const watched = [
  opened,
  { type: 'deploy.planned', version: '1.1', previous: '1.0' },
  { type: 'deploy.awaiting-guard' },
  { type: 'watch.started', startedAt: 1000, fingerprint: 'f' },
];
const ended = (decision: string) => ({ type: 'watch.ended', decision, reasons: ['because'] });
const closed = (outcome: string) => ({ type: 'run.closed', outcome });

it.each([
  ['release 1.1 was promoted and stays.', [...watched, ended('promote'), closed('promoted')]],
  [
    'A gate broke: release 1.1 is still live, and nothing is done until a person decides.',
    [...watched, ended('freeze')],
  ],
  [
    'A gate broke and nothing was rolled back: release 1.1 is still live, and a person must act. Why: asked by a person.',
    [...watched, ended('alert'), { type: 'rollback.withheld', why: 'asked by a person' }],
  ],
  [
    'release 1.1 is live and was not promoted: there was not enough to judge it by.',
    [...watched, ended('inconclusive')],
  ],
  [
    'release 1.1 is being rolled back; this page was written before that ended.',
    [...watched, ended('rollback'), { type: 'rollback.started' }],
  ],
  ['release 1.1 is live; its run is watching.', watched],
])('%s', (says, given) => {
  const events = recorded(...given);
  expect(endingOf(folded(events), events)).toBe(says);
});
