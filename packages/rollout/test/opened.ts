import type { RunEvent } from '../src/record/events.ts';

/** The first line of a record, as a deploy to production has it. */
export const opened = (changed: Partial<RunEvent<'run.opened'>> = {}): RunEvent<'run.opened'> => ({
  type: 'run.opened',
  kind: 'deploy',
  env: 'production',
  service: 'notes',
  version: '1.1',
  tool: { name: '@dhash/rollout', version: '0.0.0' },
  user: 'tester',
  host: 'here',
  ...changed,
});
