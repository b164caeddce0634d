import { MigrationError, type MigrationPlan } from './types.ts';

/** @throws {MigrationError} `refused`, with all problems. */
export const runnable = (plan: MigrationPlan): MigrationPlan & { kind: 'go' } => {
  if (plan.kind === 'go') return plan;
  throw new MigrationError(
    'refused',
    `the migrations are refused: ${plan.problems.map(({ message }) => message).join('; ')}`,
    { problems: plan.problems },
  );
};
