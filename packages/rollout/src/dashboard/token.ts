import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { atomicWriteFile, makeFolder } from '@dhash/journal';
import { isNotThere } from '../errors.ts';

const tokenPattern = /^[\w-]{43}$/;

/**
 * The token of this folder's dashboards: made once, so that an open page finds its way back after a restart. It
 * lies where only its owner can read it.
 *
 * @param root folder of rollout.yaml
 */
export const dashboardToken = async (root: string): Promise<string> => {
  const file = join(root, '.rollout', 'dashboard.secret');
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (tokenPattern.test(token)) return token;
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
  const token = randomBytes(32).toString('base64url');
  await makeFolder(dirname(file));
  await atomicWriteFile(file, `${token}\n`, { mode: 0o600 });
  return token;
};
