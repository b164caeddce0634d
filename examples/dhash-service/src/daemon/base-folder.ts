import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ServiceError } from '../errors.ts';

/**
 * The folder with images/, library.db, dhash.log and dhash.pid: DHASH_DATA, else what lies above
 * `<base>/app/releases/<version>`, where a release is laid.
 *
 * @param releaseFolder absolute, without links
 * @throws ServiceError `configuration` for a release that is not laid anywhere
 */
export const baseFolder = (
  releaseFolder: string,
  env: Record<string, string | undefined>,
): string => {
  const named = env['DHASH_DATA'];
  if (named !== undefined && named !== '') return resolve(named);
  const releases = dirname(releaseFolder);
  const root = dirname(releases);
  if (basename(releases) === 'releases' && existsSync(join(root, 'current'))) return dirname(root);
  throw new ServiceError(
    'configuration',
    `${releaseFolder} is not laid under a <base>/app/releases/ with a <base>/app/current; set DHASH_DATA to the folder with images/ and library.db`,
  );
};
