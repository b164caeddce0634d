import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
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
    err: expect.stringMatching(/fetching rclone:.*failed/),
  });
  const strange = await project.run(day(2), 'backup', '--verify', `${to}/notes.zip`);
  expect(strange).toMatchObject({ exit: 2, err: expect.stringContaining('dhash_….zip') });
  expect(await strays(project.backups)).toEqual(['fetched']);
  expect(await readdir(join(project.backups, 'fetched'))).toEqual([]);
});

it.each(['--drill', '--accept-shrink'])('%s takes no address', async (flag) => {
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
