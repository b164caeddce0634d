import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { verifyBackup } from '@dhash/backup-core';
import { expect, it } from 'vitest';
import { type FilesProject, filesProject } from '../backup/files-project.ts';
import { startChild } from './child.ts';

const timeout = 300_000;
/** How often each command is interrupted. */
const TIMES = 8;
const MB = 1_000_000;

/** Bytes that nothing packs, enough that each command takes a while. */
const large = async (backup?: string): Promise<FilesProject> => {
  const project = await filesProject(backup === undefined ? {} : { backup });
  for (let i = 0; i < 4; i += 1)
    await writeFile(
      join(project.root, 'data', 'files', `noise${i}`),
      execFileSync('head', ['-c', String(24 * MB), '/dev/urandom'], { maxBuffer: 64 * MB }),
    );
  return project;
};

const start = ({ root }: FilesProject, argv: readonly string[]) =>
  startChild({ root, processEnv: { ...process.env, NO_COLOR: '1' } }, argv);

/**
 * Presses Ctrl-C at moments spread over the whole run of a command, as long as an undisturbed one takes, and
 * looks each time at what is left. Returns how it ended each time.
 */
const interrupt = async (
  project: FilesProject,
  argv: readonly string[],
  look: (ended: number | NodeJS.Signals) => Promise<void>,
): Promise<(number | NodeJS.Signals)[]> => {
  const began = performance.now();
  const whole = start(project, argv);
  expect(await whole.ended, whole.err()).toBe(0);
  const tookMs = performance.now() - began;
  await look(0);
  const endings: (number | NodeJS.Signals)[] = [];
  // On a busy machine all of them can meet Node's start or the end: then some more.
  for (let i = 0; i < TIMES || (!endings.includes(130) && i < 5 * TIMES); i += 1) {
    const child = start(project, argv);
    // Most of them where the work is, not in the start of Node.
    await delay(tookMs * (0.3 + (0.7 * ((i % TIMES) + Math.random())) / TIMES));
    child.process.kill('SIGINT');
    const ended = await child.ended;
    expect([0, 130, 'SIGINT'], child.err()).toContain(ended);
    endings.push(ended);
    await look(ended);
  }
  return endings;
};

const renderBackupName = (atMs: number): string =>
  `dhash_${new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z_production.zip`;

const ending = (name: string) => (each: string) => each.endsWith(name);

/** Whole pairs and what belongs to them; nothing unfinished, and no file of a zip that is not there. */
const onlyWholePairs = async ({ backups }: FilesProject): Promise<string[]> => {
  const names = await readdir(backups);
  const zips = names.filter(ending('.zip'));
  for (const name of names) {
    expect(name).toMatch(/^dhash_/);
    expect(zips).toContain(name.replace(/\.zip\..*$|\.rescue\.sh$/, '.zip'));
  }
  for (const zip of zips) expect(names).toContain(`${zip}.sha256`);
  return zips;
};

it('a backup that is interrupted leaves nothing behind', { timeout }, async () => {
  const project = await large();
  let before: string[] = [];
  const endings = await interrupt(project, ['backup', '--env', 'production'], async (ended) => {
    const zips = await onlyWholePairs(project);
    if (ended !== 0) expect(zips).toEqual(before);
    for (const zip of zips.slice(before.length)) await verifyBackup(join(project.backups, zip));
    // Each has all to do again: nothing is taken over from the one before.
    for (const zip of zips) await rm(join(project.backups, `${zip}.state.json`), { force: true });
    before = zips;
  });
  expect(endings).toContain(130);
});

it('so does a verification, which writes nothing anyway', { timeout }, async () => {
  const project = await large();
  const name = await project.backUp('2026-03-01T12:00:00Z');
  const before = await readdir(project.backups);
  const endings = await interrupt(project, ['backup', '--verify', `backups/${name}`], async () => {
    expect(await readdir(project.backups)).toEqual(before);
  });
  expect(endings).toContain(130);
});

it('so does a restore of one thing', { timeout }, async () => {
  const project = await large();
  const name = await project.backUp('2026-03-01T12:00:00Z');
  const argv = ['restore', '--backup', `backups/${name}`, '--only', 'files', '--to', 'back'];
  const back = join(project.root, 'back');
  const endings = await interrupt(project, argv, async (ended) => {
    expect(existsSync(back)).toBe(ended === 0);
    if (ended === 0) expect(await readdir(back)).toEqual(['files']);
    await rm(back, { recursive: true, force: true });
  });
  expect(endings).toContain(130);
});

it('and a prune ends between two backups', { timeout }, async () => {
  const project = await filesProject();
  const fill = async () => {
    const first = await project.backUp('2026-03-01T12:00:00Z');
    const at = (name: string) => join(project.backups, name);
    const sidecar = await readFile(at(`${first}.sha256`), 'utf8');
    for (let i = 1; i <= 60; i += 1) {
      const name = renderBackupName(Date.UTC(2026, 1, 1, 12, 0, i));
      await copyFile(at(first), at(name));
      await copyFile(at(`${first}.summary.json`), at(`${name}.summary.json`));
      await writeFile(at(`${name}.sha256`), sidecar.replace(first, name));
    }
  };
  await fill();
  const yaml = join(project.root, 'rollout.yaml');
  await appendFile(yaml, 'backup: { keep: { last: 1 } }\n');
  await interrupt(project, ['backup', '--env', 'production', '--prune'], async (ended) => {
    const zips = await onlyWholePairs(project);
    if (ended === 0) expect(zips).toHaveLength(1);
    else expect(zips.length).toBeGreaterThanOrEqual(1);
    await rm(project.backups, { recursive: true });
    await fill();
  });
});
