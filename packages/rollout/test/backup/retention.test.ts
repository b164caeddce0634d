import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type FilesProject, filesProject } from './files-project.ts';

const zips = async ({ backups }: FilesProject): Promise<string[]> =>
  (await readdir(backups)).filter((name) => name.endsWith('.zip')).sort();

const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}T12:00:00Z`;

const daily = async (project: FilesProject, from: number, to: number): Promise<string[]> => {
  const names: string[] = [];
  for (let number = from; number <= to; number += 1) names.push(await project.backUp(day(number)));
  return names;
};

it('removes by itself after each backup what no rule keeps, and says so', async () => {
  const project = await filesProject({ backup: '{ keep: { last: 2 } }' });
  const [first, second, third] = await daily(project, 1, 3);
  expect(await zips(project)).toEqual([second, third]);
  const beside = await readdir(project.backups);
  expect(beside.filter((name) => name.startsWith(`${first}.`))).toEqual([]);
  const ran = await project.run(day(4), 'backup', '--env', 'production');
  expect(ran).toMatchObject({ exit: 0 });
  expect(ran.out).toContain(`removed ${second}: no rule keeps it`);
  const last = (await project.events(day(5), 'backup', '--env', 'production')).at(-1);
  expect(last).toMatchObject({
    removed: { backups: [{ name: third, reasons: ['no rule keeps it'] }], aged: [] },
  });
});

it('says for each why it stays or goes, and changes nothing in a dry run', async () => {
  const project = await filesProject();
  const names = await daily(project, 1, 3);
  const yaml = join(project.root, 'rollout.yaml');
  await appendFile(yaml, 'backup: { keep: { last: 1 } }\n');
  const before = await readdir(project.backups);
  const ran = await project.run(day(3), 'backup', '--env', 'production', '--prune', '--dry-run');
  expect(ran.out.trimEnd().split('\n')).toEqual([
    `keep          ${names[2]}  last, newest, newest verified`,
    `would remove  ${names[1]}  no rule keeps it`,
    `would remove  ${names[0]}  no rule keeps it`,
    'keep          rollouts/  the record is never removed',
  ]);
  expect(await readdir(project.backups)).toEqual(before);
  await project.run(day(3), 'backup', '--env', 'production', '--prune');
  expect(await zips(project)).toEqual([names[2]]);
});

it('keeps what an open run or an incident names, whatever the policy', async () => {
  const project = await filesProject();
  const names = await daily(project, 1, 4);
  const [open = '', incident = '', free = ''] = names;
  await project.record('20260301T120001Z-production-deploy-aaaa', {
    step: 'backup',
    data: { file: `backups/${open}` },
  });
  const run = '20260302T120001Z-production-deploy-bbbb';
  await mkdir(join(project.root, 'incidents', run), { recursive: true });
  await writeFile(
    join(project.root, 'incidents', run, 'record.json'),
    JSON.stringify({ backup: { file: join(project.backups, incident) } }),
  );
  await appendFile(join(project.root, 'rollout.yaml'), 'backup: { keep: { last: 1 } }\n');
  const ran = await project.run(day(4), 'backup', '--env', 'production', '--prune');
  expect(ran.out).toContain(
    `${open}  the run 20260301T120001Z-production-deploy-aaaa is open and names it`,
  );
  expect(ran.out).toContain(`${incident}  the incident ${run} names it`);
  expect(await zips(project)).toEqual([open, incident, names[3]]);
  expect(ran.out).toContain(`remove  ${free}  no rule keeps it`);
});

it('removes nothing while a record does not verify; the backup stands', async () => {
  const project = await filesProject({ backup: '{ keep: { last: 1 } }' });
  await project.backUp(day(1));
  const run = '20260301T120001Z-production-deploy-aaaa';
  await project.record(run);
  const journal = join(project.root, 'rollouts', run, 'journal.ndjson');
  await appendFile(journal, '{"seq":7}\n');
  const ran = await project.run(day(2), 'backup', '--env', 'production');
  expect(ran).toMatchObject({ exit: 0 });
  expect(ran.out).toContain('the backup stands, but nothing old was removed');
  expect(await zips(project)).toHaveLength(2);
  const pruned = await project.run(day(2), 'backup', '--env', 'production', '--prune');
  expect(pruned).toMatchObject({ exit: 8 });
  expect(await zips(project)).toHaveLength(2);
});

it('flags a backup that shrank, and removes no older one until somebody accepts it', async () => {
  const project = await filesProject({ backup: '{ keep: { last: 1 } }' });
  const [good] = await daily(project, 1, 1);
  await project.files(4);
  const ran = await project.run(day(2), 'backup', '--env', 'production');
  expect(ran).toMatchObject({ exit: 0 });
  expect(ran.out).toContain('warning: it shrank: files: 10000 → 4000 bytes');
  expect(ran.out).toContain('warning: it shrank: files: 10 → 4 entries');
  const shrunken = (await zips(project))[1] ?? '';
  const later = await project.backUp(day(3));
  expect(await zips(project)).toEqual([good, shrunken, later]);
  const plan = await project.run(day(3), 'backup', '--env', 'production', '--prune', '--dry-run');
  expect(plan.out).toContain(`${good}  older than ${shrunken}, which shrank`);
  const listed = await project.run(day(3), 'backup', '--env', 'production', '--list');
  expect(listed.out).toContain(`${shrunken}  SHRANK (files: 10000 → 4000 bytes`);
  expect(await project.run(day(3), 'backup', '--show', `backups/${shrunken}`)).toMatchObject({
    out: expect.stringContaining('SHRANK'),
  });
  await project.run(day(3), 'backup', '--accept-shrink', `backups/${shrunken}`, '--reason', 'ours');
  expect((await project.run(day(3), 'backup', '--env', 'production', '--list')).out).not.toContain(
    'SHRANK',
  );
  for (const other of [shrunken, later])
    expect(
      await project.run(day(3), 'backup', '--accept-shrink', `backups/${other}`),
    ).toMatchObject({ exit: 2, err: expect.stringContaining('there is nothing to accept') });
  const next = await project.backUp(day(4));
  expect(await zips(project)).toEqual([next]);
});

it.each([
  { what: 'an emptied database beside files that stay', rows: 4, files: 10, flagged: true },
  { what: 'half of everything', rows: 5, files: 5, flagged: false },
  { what: 'more of everything', rows: 50, files: 50, flagged: false },
])('flags $what: $flagged', async ({ rows, files, flagged }) => {
  const project = await filesProject();
  await project.backUp(day(1));
  project.rows(rows);
  await project.files(files);
  const ran = await project.run(day(2), 'backup', '--env', 'production');
  expect(ran.out.includes('it shrank')).toBe(flagged);
});

it('flags by the amounts beside the zip even where the older backup is gone', async () => {
  const project = await filesProject();
  const [good] = await daily(project, 1, 1);
  await project.files(1);
  const [shrunken] = await daily(project, 2, 2);
  await rm(join(project.backups, good ?? ''));
  const listed = await project.run(day(3), 'backup', '--env', 'production', '--list');
  expect(listed.out).toMatch(new RegExp(`${shrunken} {2}SHRANK`));
  // And by the older one where nothing lies beside it: a pair copied here without its summary.
  const copied = await filesProject();
  await copied.backUp(day(1));
  await copied.files(1);
  const [bare] = await daily(copied, 2, 2);
  await rm(join(copied.backups, `${bare}.summary.json`));
  const again = await copied.run(day(3), 'backup', '--env', 'production', '--list');
  expect(again.out).toMatch(new RegExp(`${bare} {2}SHRANK.*not verified since it was made`));
});

it('bounds the backups by maxBytes, the oldest first, and never below the newest', async () => {
  const project = await filesProject();
  const names = await daily(project, 1, 4);
  await appendFile(join(project.root, 'rollout.yaml'), 'backup: { maxBytes: 1B }\n');
  const ran = await project.run(day(4), 'backup', '--env', 'production', '--prune');
  expect(ran.out).toContain(`remove  ${names[0]}  over maxBytes`);
  expect(ran.out).toMatch(/warning: the backups that must stay take .*; maxBytes is/);
  expect(await zips(project)).toEqual([names[3]]);
});

it('gives no backup up for a minFree that they could not bring back', async () => {
  const project = await filesProject();
  const names = await daily(project, 1, 3);
  await appendFile(join(project.root, 'rollout.yaml'), 'backup: { minFree: 100% }\n');
  const ran = await project.run(day(4), 'backup', '--env', 'production', '--prune');
  expect(ran.out).toContain('something else fills the disk, and none was given up for it');
  expect(await zips(project)).toEqual(names);
});

it('leaves what nobody can rely on, and what comes from the future, and counts neither', async () => {
  const project = await filesProject();
  const names = await daily(project, 1, 3);
  const [noSidecar = '', older = '', newest = ''] = names;
  await rm(join(project.backups, `${noSidecar}.sha256`));
  await writeFile(join(project.backups, 'dhash_20990101T000000Z_production.zip'), 'x');
  await writeFile(join(project.backups, 'dhash_20990101T000000Z_production.zip.sha256'), 'x');
  await appendFile(join(project.root, 'rollout.yaml'), 'backup: { keep: { last: 1 } }\n');
  const ran = await project.run(day(3), 'backup', '--env', 'production', '--prune');
  expect(ran.out).toContain('is from the future: it counts for nothing');
  expect(ran.out).toContain(`${noSidecar} has no sidecar`);
  expect(ran.out).toContain(`remove  ${older}`);
  expect(await zips(project)).toEqual([noSidecar, newest, 'dhash_20990101T000000Z_production.zip']);
});

it('removes what ages, by the time in its name, but not what an open run or an incident needs', async () => {
  const project = await filesProject({
    more: 'keepFor: { safety: 10d, incomplete: 10d, incidents: 30d, monitorLogs: 10d }\n',
  });
  const zip = (number: number, env = 'production') =>
    `dhash_202603${String(number).padStart(2, '0')}T120000Z_${env}_before-rollback.zip`;
  const run = (number: number) =>
    `202603${String(number).padStart(2, '0')}T120000Z-production-deploy-aaaa`;
  const put = async (...path: string[]) => {
    const file = join(project.root, ...path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, 'x');
  };
  for (const number of [1, 2, 20]) {
    await put('backups', 'safety', zip(number));
    await put('backups', 'safety', `${zip(number)}.sha256`);
    await put('backups', 'incomplete', zip(number).replace('dhash_', 'incomplete_'));
    await put('backups', 'incomplete', `${zip(number).replace('dhash_', 'incomplete_')}.txt`);
    await put('monitor_logs', run(number), 'samples.ndjson');
  }
  await put('backups', 'safety', 'notes.txt');
  await put('backups', 'safety', zip(1, 'staging'));
  await put('monitor_logs', '20260301T120000Z-staging-deploy-aaaa', 'samples.ndjson');
  await put('incidents', run(2), 'record.json');
  await writeFile(
    join(project.root, 'incidents', run(2), 'record.json'),
    JSON.stringify({ safety: { file: `backups/safety/${zip(2)}` } }),
  );
  await put('incidents', '20260101T120000Z-production-deploy-aaaa', 'record.json');
  const ran = await project.run(day(25), 'backup', '--env', 'production', '--prune');
  expect(ran).toMatchObject({ exit: 0 });
  expect(ran.out).toContain(`remove  safety/${zip(1)}  24 days old, kept for 10 days`);
  expect(ran.out).toContain(`keep    safety/${zip(2)}  the incident ${run(2)} names it`);
  expect(ran.out).toContain(`keep    monitor_logs/${run(2)}  its incident is kept`);
  expect(ran.out).toContain(`keep    safety/${zip(20)}  5 days old, kept for 10 days`);
  const left = async (...path: string[]) => (await readdir(join(project.root, ...path))).sort();
  expect(await left('backups', 'safety')).toEqual(
    [
      zip(2),
      `${zip(2)}.sha256`,
      zip(20),
      `${zip(20)}.sha256`,
      zip(1, 'staging'),
      'notes.txt',
    ].sort(),
  );
  const incomplete = zip(20).replace('dhash_', 'incomplete_');
  expect(await left('backups', 'incomplete')).toEqual([incomplete, `${incomplete}.txt`]);
  expect(await left('incidents')).toEqual([run(2)]);
  expect(await left('monitor_logs')).toEqual(
    ['20260301T120000Z-staging-deploy-aaaa', run(2), run(20)].sort(),
  );
});

it('removes nothing where the clock leapt far ahead of all on record, and removes again after it', async () => {
  const project = await filesProject({ backup: '{ keep: { within: 7d } }' });
  const names = await daily(project, 1, 3);
  await mkdir(join(project.root, 'incidents', '20260301T120002Z-production-deploy-cccc'), {
    recursive: true,
  });
  const leapt = await project.backUp('2027-04-07T12:00:00Z');
  expect(await zips(project)).toEqual([...names, leapt]);
  expect(await readdir(join(project.root, 'incidents'))).toHaveLength(1);
  await rm(join(project.backups, leapt));
  const next = await project.backUp('2026-03-10T11:00:00Z');
  expect(await zips(project)).toEqual([names[2], next]);
});
