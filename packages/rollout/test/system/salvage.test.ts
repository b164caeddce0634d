import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { expectExit, journalOf, newestRun, promote, resultOf } from './observe.ts';
import { makePostgresProject } from './postgres-project.ts';
import { makeProject, type Project } from './project.ts';

const production = ['--env', 'production'];

/** 1.0 with a note, then 1.1 with two more, rolled back to the backup in between; returns the run that did it. */
const rolledBack = async (project: Project, since: () => Promise<void>): Promise<string> => {
  await promote(project);
  await project.writeNote();
  expectExit(await project.run('deploy', ...production, '--version', '1.1', '--backup-first'), 0);
  await project.writeNote();
  await project.writeNote();
  await since();
  const latest = (await project.run('backup', ...production, '--latest')).out.trim();
  const ran = await project.run('rollback', ...production, '--backup', latest, '--reason', 'test');
  expectExit(ran, 0);
  const run = await newestRun(project);
  expect(ran.out).toContain(`npx dhash-rollout salvage ${run}`);
  return run;
};

const sqlite = (project: Project, sql: string): Record<string, unknown>[] => {
  const db = new DatabaseSync(join(project.root, 'data', 'notes.db'));
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
};

it('shows what a rollback set aside of SQLite and files, and puts back what stands against nothing', async () => {
  const project = await makeProject({ hurried: true });
  const run = await rolledBack(project, async () => {
    sqlite(project, "UPDATE notes SET text = 'changed', tag = 'x' WHERE id = 1");
  });
  await project.writeNote(); // Takes the number of the first that was set aside.
  expect((await project.run('status')).out).toContain(`npx dhash-rollout salvage ${run}`);
  expect((await project.run('history')).out).toContain(`npx dhash-rollout salvage ${run}`);

  const before = sqlite(project, 'SELECT * FROM notes');
  const out = join(project.root, 'look');
  const looked = expectExit(await project.run('salvage', run, '--out', out), 0);
  expect(looked.out).toContain('notes.notes: 1 row to put in, 2 conflicts, 0 already there');
  expect(looked.out).toContain(
    'live has no column "tag" in notes: what one of these rows has in it',
  );
  expect(looked.out).toContain('+ id="3" text="written by 1.1"');
  expect(looked.out).toContain('! id="1" text="changed": a live row has the same key');
  expect(looked.out).toContain('files: 2 files to put in');
  expect(looked.out).toContain('dry run: nothing was changed');
  expect(sqlite(project, 'SELECT * FROM notes')).toEqual(before);
  const [name = ''] = (await readdir(join(out, 'notes'))).filter((one) => one.endsWith('.sql'));
  expect(await project.read(join('look', 'notes', name))).toContain(
    `INSERT INTO "notes" ("id", "text") VALUES (3, 'written by 1.1');`,
  );
  expect(await readdir(join(out, 'files', 'new'))).toHaveLength(2);
  expect(await readdir(join(project.root, 'backups'))).not.toContainEqual(
    expect.stringMatching(/^\.scratch/),
  );

  expectExit(await project.run('salvage', run, '--apply', '--table', 'nots'), 2);
  expectExit(await project.run('salvage', run, '--apply'), 2);
  expectExit(await project.run('salvage', `${run}x`), 2);
  const wanted = ['--apply', '--table', 'notes', '--files', '*.txt'];
  const put = expectExit(await project.run('salvage', run, ...wanted, '--json'), 0);
  expect(resultOf(put.out)).toMatchObject({
    of: run,
    safety: expect.stringContaining('before-salvage'),
    put: {
      notes: [{ what: 'notes', in: 1, out: 0 }],
      files: [{ what: 'files', in: 2, out: 0 }],
    },
  });
  expect(sqlite(project, 'SELECT id, text FROM notes ORDER BY id')).toEqual([
    { id: 1, text: 'written by 1.0' },
    { id: 2, text: 'written by 1.0' },
    { id: 3, text: 'written by 1.1' },
  ]);
  const own = await newestRun(project);
  expect((await journalOf(project, own)).map(({ type }) => type)).toEqual([
    'run.opened',
    'salvage.started',
    'salvage.put',
    'salvage.put',
    'run.closed',
  ]);
  const again = expectExit(await project.run('salvage', run, ...wanted), 0);
  expect(again.out).toContain('nothing was put in');
  expect(again.out).toContain('2 already there');
});

it('shows and puts back rows of PostgreSQL, by the numbers that they had', async () => {
  const project = await makePostgresProject();
  const run = await rolledBack(project, async () => {
    await project.server.sql('shop', "UPDATE orders SET note = 'changed' WHERE id = 1");
  });
  const looked = expectExit(await project.run('salvage', run), 0);
  expect(looked.out).toContain('orders.orders: 2 rows to put in, 1 conflict, 0 already there');
  expect(await project.orders()).toBe(1);
  const put = await project.run('salvage', run, '--apply', '--table', 'orders.orders');
  expectExit(put, 0);
  expect(put.out + put.err).not.toContain(project.address);
  expect(await project.orders()).toBe(3);
  expect(await project.databases()).toEqual(['shop']);
  await project.writeNote();
  expect(await project.server.sql('shop', 'SELECT max(id) FROM orders')).toEqual(['4']);
});
