import { migrationName } from './read-migrations.ts';
import type {
  AppliedMigration,
  Direction,
  MigrationPlan,
  MigrationProblem,
  MigrationSet,
} from './types.ts';

export interface MigrationQuestion {
  readonly files: MigrationSet;
  readonly applied: readonly AppliedMigration[];
  readonly direction: Direction;
  /**
   * The version that the database has afterwards: forward, default the newest; rollback, default
   * the one before the newest that is applied (0: none).
   */
  readonly to?: number;
}

/** Where files and database do not tell the same story. */
const disagreements = ({ files, applied, direction }: MigrationQuestion): MigrationProblem[] => {
  const known = new Map(files.migrations.map((migration) => [migration.version, migration]));
  const done = new Set(applied.map(({ version }) => version));
  const newest = Math.max(0, ...done);
  return [
    ...applied.flatMap((row): MigrationProblem[] => {
      const file = known.get(row.version);
      if (file === undefined) {
        const message = `${migrationName(row)} is applied, but this release has no such migration: roll it back with the release that has it, or deploy one that does`;
        return [{ kind: 'unknown-applied', message }];
      }
      if (file.name !== row.name)
        return [
          {
            kind: 'renamed',
            message: `version ${row.version} was applied as "${row.name}" and is now "${file.name}"`,
          },
        ];
      if (file.checksum !== row.checksum) {
        const message = `${migrationName(row)} was changed after it was applied (${row.appliedAt}; then ${row.checksum.slice(0, 12)}…, now ${file.checksum.slice(0, 12)}…): put it back and write a new one`;
        return [{ kind: 'changed', message }];
      }
      return [];
    }),
    ...(direction === 'rollback' ? [] : files.migrations)
      .filter(({ version }) => version < newest && !done.has(version))
      .map((migration): MigrationProblem => {
        const message = `${migrationName(migration)} is not applied, but a later one is: give it a number above ${newest}`;
        return { kind: 'out-of-order', message };
      }),
  ];
};

const unknownTarget = (message: string): MigrationProblem => ({ kind: 'unknown-target', message });

/** Decides which migrations to run, in order, or names all that forbids it. Pure. */
export const planMigrations = (question: MigrationQuestion): MigrationPlan => {
  const { files, applied, direction, to } = question;
  const problems = [...files.problems, ...disagreements(question)];
  const done = applied.map(({ version }) => version).toSorted((a, b) => a - b);
  const newest = done.at(-1) ?? 0;
  const highest = files.migrations.at(-1)?.version ?? 0;

  if (direction === 'forward') {
    const end = to ?? highest;
    if (end > highest)
      problems.push(unknownTarget(`there is no migration ${end}: the newest is ${highest}`));
    if (end < newest)
      problems.push(
        unknownTarget(`version ${newest} is applied already: going to ${end} is a rollback`),
      );
    if (problems.length > 0) return { kind: 'refused', problems };
    const steps = files.migrations.filter(({ version }) => version > newest && version <= end);
    return { kind: 'go', direction, steps };
  }

  const end = to ?? done.at(-2) ?? 0;
  if (end > newest || (end !== 0 && !done.includes(end)))
    problems.push(
      unknownTarget(`cannot roll back to ${end}: applied are ${done.join(', ') || 'none'}`),
    );
  const steps = files.migrations
    .filter(({ version }) => version > end && done.includes(version))
    .toReversed();
  for (const step of steps) {
    if (step.down === null) {
      const message = `${migrationName(step)} has no down file: only a restore of a backup undoes it`;
      problems.push({ kind: 'missing-down', message });
    }
  }
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'go', direction, steps };
};
