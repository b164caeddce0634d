import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { fittingPair, type KnownRelease, whyUnreadable } from '../src/rollback/fitting-pair.ts';
import { type FilesProject, filesProject } from './backup/files-project.ts';

const release = (version: string, migrations: string[] | null, isThere = true): KnownRelease => ({
  version,
  isThere,
  migrations,
});

it.each([
  ['the same migrations', '1.0', ['001_a'], release('1.0', ['001_a']), null],
  [
    'data that its own release ran on before it was migrated',
    '1.0',
    [],
    release('1.0', ['001_a']),
    null,
  ],
  ['a release whose migrations are not to be found', '1.0', ['001_a'], release('1.0', null), null],
  [
    'data that is newer',
    '1.0',
    ['001_a', '002_b'],
    release('1.0', ['001_a']),
    /has 002_b, which release 1\.0 does not know/,
  ],
  [
    'a release that is gone',
    '1.0',
    [],
    release('1.0', null, false),
    /which the target cannot activate any more/,
  ],
  [
    'data of no release that is older',
    null,
    ['001_a'],
    release('1.1', ['001_a', '002_b']),
    /names no release, and the active one, 1\.1, needs 002_b/,
  ],
])('judges %s', (_, stamped, migrations, known, expected) => {
  const why = whyUnreadable({ release: stamped, migrations }, known);
  if (expected === null) expect(why).toBeNull();
  else expect(why).toMatch(expected);
});

it('offers the nearest backup whose own release is there and reads it', () => {
  const candidates = [
    { name: 'd', at: 40, release: '2.0', migrations: ['001_a'] },
    { name: 'refused', at: 30, release: '1.0', migrations: ['001_a', '002_b'] },
    { name: 'c', at: 26, release: null, migrations: [] },
    { name: 'b', at: 25, release: '0.9', migrations: [] },
    { name: 'a', at: 10, release: '1.0', migrations: ['001_a'] },
  ];
  const releases = new Map(
    [release('2.0', ['001_a']), release('0.9', [], false), release('1.0', ['001_a'])].map((one) => [
      one.version,
      one,
    ]),
  );
  const refused = { name: 'refused', at: 30 };
  expect(fittingPair(candidates, refused, releases)).toEqual({ release: '2.0', name: 'd' });
  expect(fittingPair(candidates.slice(1), refused, releases)).toEqual({
    release: '1.0',
    name: 'a',
  });
  expect(fittingPair(candidates.slice(1, 4), refused, releases)).toBeNull();
});

const apply = ({ root }: FilesProject, ...names: string[]) => {
  const db = new DatabaseSync(join(root, 'data', 'notes.db'));
  db.exec(
    'DROP TABLE IF EXISTS schema_migrations; CREATE TABLE schema_migrations (version INTEGER, name TEXT, checksum TEXT, applied_at TEXT)',
  );
  const insert = db.prepare("INSERT INTO schema_migrations VALUES (?, ?, '', '')");
  for (const [i, name] of names.entries()) insert.run(i + 1, name);
  db.close();
};

it('a rollback to data that its release cannot read is refused with the pair that fits', async () => {
  const project = await filesProject({
    environment: '    migrations: { dir: "releases/{version}", database: notes }\n',
  });
  const { root } = project;
  for (const [version, count] of [
    ['1.0', 1],
    ['1.1', 2],
  ] as const) {
    await mkdir(join(root, 'releases', version), { recursive: true });
    for (const name of ['001_notes', '002_tags'].slice(0, count))
      await writeFile(join(root, 'releases', version, `${name}.up.sql`), 'SELECT 1;');
  }
  apply(project, 'notes');
  const good = await project.backUp('2026-03-01T12:00:00Z');
  apply(project, 'notes', 'tags');
  const tooNew = await project.backUp('2026-03-02T12:00:00Z');
  const rollback = ['rollback', '--env', 'production', '--dry-run', '--backup'];
  const refused = await project.run('2026-03-03T12:00:00Z', ...rollback, `backups/${tooNew}`);
  expect(refused.exit).toBe(8);
  expect(refused.err).toContain('its data has 002_tags, which release 1.0 does not know');
  expect(refused.err).toContain(
    `the pair that fits is release 1.0 with backups/${good}: npx dhash-rollout rollback --env production --backup backups/${good}`,
  );
  expect(refused.err).toContain('Nothing was stopped');
  const goes = await project.run('2026-03-03T12:00:00Z', ...rollback, `backups/${good}`);
  expect(goes).toMatchObject({ exit: 0 });
  // The same data under a release that knows both.
  await writeFile(join(root, 'release'), '1.1');
  const newer = await project.backUp('2026-03-04T12:00:00Z');
  expect((await project.run('2026-03-05T12:00:00Z', ...rollback, `backups/${newer}`)).exit).toBe(0);
});
