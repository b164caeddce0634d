import { isCopyAddress, type Manifest } from '@dhash/backup-core';
import type { GivenBackup } from '../../../backup/copies/fetch-copy.ts';
import type { EnvironmentConfig } from '../../../config/types.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';

/** @throws RolloutError (exit 8) where a backup is not one of this service and environment */
export const requireOwn = (
  manifest: Manifest,
  config: Pick<EnvironmentConfig, 'service' | 'env'>,
  given: string,
): void => {
  if (manifest.service === config.service && manifest.env === config.env) return;
  throw new RolloutError(
    'wrong-environment',
    exitCodes.notVerified,
    `${given} is a backup of ${manifest.service} ${manifest.env}, not of ${config.service} ${config.env}`,
  );
};

/**
 * The same where only an environment was named, which no rollout.yaml is needed for. Of the address of a copy
 * `--env` says where to it is fetched, and nothing of what it is.
 *
 * @throws RolloutError (exit 8)
 */
export const requireOfEnv = (
  manifest: Pick<Manifest, 'env'>,
  { given, env }: GivenBackup,
): void => {
  if (env === undefined || manifest.env === env || isCopyAddress(given)) return;
  throw new RolloutError(
    'wrong-environment',
    exitCodes.notVerified,
    `${given} is a backup of the environment "${manifest.env}", not of "${env}": leave --env out, or name another backup`,
  );
};
