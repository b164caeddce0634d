import { tempFolder } from '@dhash/testkit';
import { describe, expect, test } from 'vitest';
import { planMigrations } from '../../src/migrations/plan-migrations.ts';
import {
  migrationsFolder,
  parseMigrations,
  readMigrations,
} from '../../src/migrations/read-migrations.ts';
import type { AppliedMigration } from '../../src/migrations/types.ts';

const setOf = (...names: string[]) =>
  parseMigrations(
    names.map((name) => ({ name, content: Buffer.from(`SELECT '${name}';`) })),
    'sqlite',
  );

const pair = (stem: string) => [`${stem}.up.sql`, `${stem}.down.sql`];
const three = setOf(...pair('001_a'), ...pair('002_b'), ...pair('003_c'));

const applied = (...versions: number[]): AppliedMigration[] =>
  three.migrations
    .filter(({ version }) => versions.includes(version))
    .map(({ version, name, checksum }) => ({
      version,
      name,
      checksum,
      appliedAt: '2026-01-01T00:00:00.000Z',
    }));

describe('what will be run', () => {
  test.each<[string, number[], 'forward' | 'rollback', number | undefined, number[]]>([
    ['all of a new database', [], 'forward', undefined, [1, 2, 3]],
    ['what is pending', [1], 'forward', undefined, [2, 3]],
    ['up to a version', [1], 'forward', 2, [2]],
    ['nothing', [1, 2, 3], 'forward', undefined, []],
    ['the newest comes back', [1, 2, 3], 'rollback', undefined, [3]],
    ['down to a version', [1, 2, 3], 'rollback', 1, [3, 2]],
    ['down to nothing', [1, 2], 'rollback', 0, [2, 1]],
    ['nothing to take back', [], 'rollback', undefined, []],
  ])('%s', (_, done, direction, to, expected) => {
    const plan = planMigrations({
      files: three,
      applied: applied(...done),
      direction,
      ...(to === undefined ? {} : { to }),
    });
    expect(plan.kind === 'go' && plan.steps.map(({ version }) => version)).toEqual(expected);
  });
});

describe('what is refused', () => {
  const row = (over: Partial<AppliedMigration>) =>
    ({ ...applied(1)[0], ...over }) as AppliedMigration;
  test.each<[string, Parameters<typeof planMigrations>[0], string, RegExp]>([
    [
      'a changed file',
      { files: three, applied: [row({ checksum: 'f'.repeat(64) })], direction: 'forward' },
      'changed',
      /001_a was changed after it was applied/,
    ],
    [
      'a renamed one',
      { files: three, applied: [row({ name: 'z' })], direction: 'forward' },
      'renamed',
      /"z".*"a"/,
    ],
    [
      'one that this release lacks',
      {
        files: setOf('001_a.up.sql'),
        applied: [...applied(1), ...applied(2)],
        direction: 'forward',
      },
      'unknown-applied',
      /002_b/,
    ],
    [
      'one that comes too late',
      { files: three, applied: applied(1, 3), direction: 'forward' },
      'out-of-order',
      /002_b.*above 3/,
    ],
    [
      'no down file',
      { files: setOf('001_a.up.sql'), applied: applied(1), direction: 'rollback' },
      'missing-down',
      /001_a has no down file/,
    ],
    [
      'a gap',
      { files: setOf('001_a.up.sql', '003_c.up.sql'), applied: [], direction: 'forward' },
      'gap',
      /version 2 is missing/,
    ],
    [
      'one number twice',
      { files: setOf('001_a.up.sql', '01_b.up.sql'), applied: [], direction: 'forward' },
      'duplicate',
      /001_a.up.sql, 01_b.up.sql/,
    ],
    [
      'a down without its up',
      { files: setOf('001_a.down.sql'), applied: [], direction: 'forward' },
      'missing-up',
      /001_a.down.sql/,
    ],
    [
      'a name of another kind',
      { files: setOf('first.sql'), applied: [], direction: 'forward' },
      'bad-name',
      /first.sql.*NNN_name/,
    ],
    [
      'number zero',
      { files: setOf('000_a.up.sql'), applied: [], direction: 'forward' },
      'bad-name',
      /000_a/,
    ],
    [
      'a target above all',
      { files: three, applied: [], direction: 'forward', to: 4 },
      'unknown-target',
      /no migration 4/,
    ],
    [
      'forward to below',
      { files: three, applied: applied(1, 2), direction: 'forward', to: 1 },
      'unknown-target',
      /rollback/,
    ],
    [
      'back to what was never applied',
      { files: three, applied: applied(1), direction: 'rollback', to: 2 },
      'unknown-target',
      /applied are 1/,
    ],
  ])('%s', (_, question, kind, says) => {
    const plan = planMigrations(question);
    expect(plan.kind === 'refused' && plan.problems.map((problem) => problem.kind)).toContain(kind);
    expect(
      plan.kind === 'refused' && plan.problems.map(({ message }) => message).join('\n'),
    ).toMatch(says);
  });

  test('a down file may be missing as long as nothing is taken back', () => {
    expect(
      planMigrations({ files: setOf('001_a.up.sql'), applied: [], direction: 'forward' }).kind,
    ).toBe('go');
  });

  test('a forbidden statement names its file', () => {
    const { problems } = parseMigrations(
      [{ name: '001_a.up.sql', content: Buffer.from('SELECT 1; COMMIT;') }],
      'postgres',
    );
    expect(problems).toEqual([
      { kind: 'forbidden-statement', message: expect.stringMatching(/001_a.up.sql holds COMMIT/) },
    ]);
  });
});

test('a folder that is not there is named; the version goes into its path', async () => {
  const dir = `${await tempFolder()}/{version}/m`;
  const folder = migrationsFolder({ dir }, '1.$&');
  expect(folder).toBe(dir.replace('{version}', () => '1.$&'));
  await expect(readMigrations(folder, 'sqlite')).rejects.toMatchObject({
    code: 'unreadable',
    message: expect.stringContaining(folder),
  });
});
