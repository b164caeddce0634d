import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import { filesProject } from '../backup/files-project.ts';
import { useFarFolder } from './far-remote.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}T12:00:00Z`;
const env = ['--env', 'production'];
const to = 'rclone:far:shop/backups';

const GATES = JSON.stringify({
  environments: {
    production: { duration: '1m', qualityGates: { healthFailures: { threshold: 2 } } },
  },
});

const copiedProject = async () => {
  const far = await tempFolder();
  useFarFolder(far);
  const project = await filesProject({ backup: `{ copies: [{ to: "${to}" }] }` });
  // The doctor reads the gates, too.
  await writeFile(join(project.root, 'gates.json'), GATES);
  return { far, there: join(far, 'shop', 'backups'), project };
};

/** What is in the backups' folder that is no backup and lies beside none. */
const strays = async (backups: string): Promise<string[]> =>
  (await readdir(backups)).filter((name) => !name.startsWith('dhash_'));

it('copies each backup after it was verified, and counts the places in the list', async () => {
  const { there, project } = await copiedProject();
  const taken = await project.run(day(1), 'backup', ...env);
  expect(taken.exit, taken.err).toBe(0);
  expect(taken.out).toContain(`copied to ${to}, read back and hashed`);
  const [name = ''] = (await readdir(there)).filter((each) => each.endsWith('.zip'));
  expect(await readFile(join(there, name))).toEqual(await readFile(join(project.backups, name)));
  const list = await project.run(day(1), 'backup', ...env, '--list');
  expect(list.out).toMatch(/^when .* copies +file$/m);
  expect(list.out).toMatch(/^2026-03-01 .* 1 +backups\/dhash_/m);
  const doctor = await project.run(day(1), 'doctor', ...env);
  expect(doctor.out).toContain(`ok      copies: none is due at ${to}`);
});

it('a copy that fails is a warning: recorded, shown by doctor, made after the next backup', async () => {
  const { far, there, project } = await copiedProject();
  vi.stubEnv('RCLONE_CONFIG_FAR_TYPE', 'nonsense');
  const taken = await project.run(day(1), 'backup', ...env);
  expect(taken.exit, taken.err).toBe(0);
  expect(taken.out).toMatch(/warning: dhash_\S+ has no copy at rclone:far:.*The backup stands/s);
  const [name = ''] = (await readdir(project.backups)).filter((each) => each.endsWith('.zip'));
  const recorded = JSON.parse(await readFile(join(project.backups, `${name}.copies.json`), 'utf8'));
  expect(recorded.copies).toEqual([
    expect.objectContaining({ to, state: 'failed', problem: expect.stringContaining('rclone') }),
  ]);
  const list = await project.run(day(1), 'backup', ...env, '--list');
  expect(list.out).toMatch(/^2026-03-01 .* - +backups\/dhash_/m);
  const doctor = await project.run(day(1), 'doctor', ...env);
  expect(doctor.out).toContain(`warning copies: ${name} has no copy at ${to}`);

  useFarFolder(far);
  const next = await project.events(day(2), 'backup', ...env);
  expect(next.at(-1)).toMatchObject({
    exit: 0,
    copies: [
      { to, state: 'verified' },
      { to, state: 'verified' },
    ],
  });
  expect((await readdir(there)).filter((each) => each.endsWith('.zip'))).toHaveLength(2);
  expect((await project.run(day(2), 'doctor', ...env)).out).toContain('copies: none is due');
});

it('verifies, shows and brings back from a copy by its address, and leaves nothing of it here', async () => {
  const { project } = await copiedProject();
  const name = await project.backUp(day(1));
  const address = `${to}/${name}`;
  // The machine is new: nothing but rollout.yaml is there.
  await rename(project.backups, join(project.root, 'gone'));
  const verified = await project.run(day(2), 'backup', '--verify', address);
  expect(verified.exit, verified.err).toBe(0);
  expect(verified.out).toContain(`${address}: OK, 11 entries`);
  const shown = (await project.events(day(2), 'backup', '--show', address)).at(-1);
  expect(shown).toMatchObject({ exit: 0, file: address, service: 'notes', complete: true });
  const restore = ['restore', '--backup', address, '--only', 'files/3.txt', '--to', 'look'];
  const restored = await project.run(day(2), ...restore);
  expect(restored.exit, restored.err).toBe(0);
  expect(restored.out).toContain(`of ${address} (notes production`);
  expect(await readFile(join(project.root, 'look', '3.txt'), 'utf8')).toMatch(/^3 3 /);
  expect(await readdir(project.backups)).toEqual([]);
});

it('refuses a copy that is damaged or incomplete there, and leaves nothing of it here', async () => {
  const { there, project } = await copiedProject();
  const name = await project.backUp(day(1));
  const address = `${to}/${name}`;
  const bytes = await readFile(join(there, name));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(join(there, name), bytes);
  for (const flag of ['--verify', '--show']) {
    const damaged = await project.run(day(2), 'backup', flag, address);
    expect(damaged).toMatchObject({ exit: 8, err: expect.stringContaining('sidecar') });
  }
  const rollback = ['rollback', ...env, '--backup', address];
  expect(await project.run(day(2), ...rollback)).toMatchObject({ exit: 8 });
  expect(await project.run(day(2), ...rollback, '--dry-run')).toMatchObject({ exit: 8 });
  const missing = await project.run(day(2), 'backup', '--verify', address.replace('T12', 'T13'));
  expect(missing).toMatchObject({
    exit: 1,
    err: expect.stringMatching(/there is no rclone:far:.*: nothing was fetched/),
  });
  const strange = await project.run(day(2), 'backup', '--verify', `${to}/notes.zip`);
  expect(strange).toMatchObject({ exit: 2, err: expect.stringContaining('dhash_….zip') });
  expect(await strays(project.backups)).toEqual(['fetched']);
  expect(await readdir(join(project.backups, 'fetched'))).toEqual([]);
});

it('looks for room before it fetches', async () => {
  const { there, project } = await copiedProject();
  const name = await project.backUp(day(1));
  await truncate(join(there, name), 2 ** 43);
  const ran = await project.run(day(2), 'backup', '--verify', `${to}/${name}`);
  // What a test leaves is searched for secrets, byte by byte.
  await rm(join(there, name));
  expect(ran.exit).toBe(1);
  expect(ran.err).toMatch(
    /fetching rclone:far:\S+ needs 8796093\.0 MB, \d+\.\d MB free in .*backups:/,
  );
  expect(await strays(project.backups)).toEqual([]);
});

it('--copy brings one backup to its places after an outage, and no other', async () => {
  const { there, project } = await copiedProject();
  vi.stubEnv('RCLONE_CONFIG_FAR_TYPE', 'nonsense');
  const first = await project.backUp(day(1));
  const file = join(project.backups, first);
  const down = await project.run(day(2), 'backup', '--copy', file);
  expect(down).toMatchObject({ exit: 1, err: '' });
  expect(down.out).toContain('or now: backup --copy');
  vi.stubEnv('RCLONE_CONFIG_FAR_TYPE', 'alias');
  const copied = (await project.events(day(2), 'backup', '--copy', file)).at(-1);
  expect(copied).toMatchObject({ exit: 0, file, copies: [{ to, state: 'verified' }] });
  expect(await readFile(join(there, first))).toEqual(await readFile(file));
  // Again: what is there whole is left as it is.
  expect((await project.run(day(3), 'backup', '--copy', file)).exit).toBe(0);

  const bytes = await readFile(file);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(file, bytes);
  expect((await project.run(day(3), 'backup', '--copy', file)).exit).toBe(8);
  const nowhere = await filesProject();
  const name = await nowhere.backUp(day(1));
  const without = await nowhere.run(day(1), 'backup', '--copy', join(nowhere.backups, name));
  expect(without).toMatchObject({ exit: 2, err: expect.stringContaining('backup.copies') });
});

it('--drill takes an address; the proof is kept beside the same zip here, if it is here', async () => {
  const { project } = await copiedProject();
  const name = await project.backUp(day(1));
  const address = `${to}/${name}`;
  const drilled = (await project.events(day(2), 'backup', '--drill', address)).at(-1);
  const file = join(project.backups, name);
  expect(drilled).toMatchObject({ exit: 0, file: address, proof: `${file}.proof.json` });
  const shown = (await project.events(day(2), 'backup', '--show', file)).at(-1);
  expect(shown).toMatchObject({ provenAt: drilled?.['at'], recoveryMs: drilled?.['totalMs'] });

  for (const each of await readdir(project.backups))
    await rename(join(project.backups, each), join(project.root, each));
  const gone = await project.run(day(2), 'backup', '--drill', address);
  expect(gone.exit, gone.err).toBe(0);
  expect(gone.out).toContain('that zip does not lie here');
  expect(await readdir(project.backups)).toEqual([]);
});

it.each(['--copy', '--accept-shrink'])('%s takes no address', async (flag) => {
  const project = await filesProject();
  const ran = await project.run(day(1), 'backup', flag, `${to}/dhash_x.zip`);
  expect(ran).toMatchObject({ exit: 2, out: '' });
  expect(ran.err).toContain(`${flag} takes a file of this machine`);
});

it.each([
  ['/mnt/nas', 'it must be rclone:REMOTE:path'],
  ['rclone:far', 'it must be rclone:REMOTE:path'],
  ['rclone:far:', 'its path is missing'],
  ['rclone:far,secret=hunter2:b', 'it is a connection string'],
  ['rclone:far:a/../b', 'it has ".." in its path'],
])('says where in rollout.yaml `to: %s` is no place for copies', async (address, why) => {
  const project = await filesProject({ backup: `{ copies: [{ to: "${address}" }] }` });
  const ran = await project.run(day(1), 'backup', ...env);
  expect(ran.exit).toBe(2);
  expect(ran.err).toMatch(/rollout\.yaml:3:\d+ backup\.copies\[0\]\.to: /);
  expect(ran.err).toContain(why);
  expect(ran.err).not.toContain('hunter2');
  expect(await readdir(project.root)).not.toContain('backups');
});
