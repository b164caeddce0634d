import { readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { makeFolder } from '@dhash/journal';
import type { Layout } from './layout.ts';

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
};

/** By a path within the checkout where the records lie in it, so that both can be moved together. */
const pathTo = (root: string, folder: string, real: string): string =>
  isWithin(root, real) ? relative(folder, real) : real;

/** Where a link leads, whether or not anything is there; `null`: it is none, or not there. */
const leadsTo = async (link: string): Promise<string | null> => {
  try {
    return resolve(link, '..', await readlink(link));
  } catch {
    // EINVAL, ENOENT: no link.
    return null;
  }
};

const linkEach = async (root: string, folder: string, real: string): Promise<void> => {
  const names = await namesIn(real);
  if (names.length > 0) await makeFolder(folder);
  for (const name of names) {
    const link = join(folder, name);
    if (await isThere(link)) continue;
    // It leads to where records lay before this checkout, or they, were moved.
    if ((await leadsTo(link)) !== null) await rm(link);
    await symlink(pathTo(root, folder, join(real, name)), link);
  }
  const known = new Set(names);
  for (const name of await namesIn(folder)) {
    const leads = known.has(name) ? null : await leadsTo(join(folder, name));
    if (leads !== null && isWithin(real, leads) && !(await isThere(leads)))
      await rm(join(folder, name));
  }
};

/**
 * Makes `rollouts/<run>` and `monitor_logs/<run>` beside rollout.yaml lead to the records that all
 * checkouts share, and removes such links to what is gone. A folder is never replaced. The links are
 * for people: what keeps them from being made (a checkout that can't be written) is no error.
 */
export const linkRuns = async ({ root, shared, rollouts, monitorLogs }: Layout): Promise<void> => {
  if (shared === null) return;
  await linkEach(root, rollouts, shared.runs).catch(() => undefined);
  await linkEach(root, monitorLogs, shared.monitor).catch(() => undefined);
};
