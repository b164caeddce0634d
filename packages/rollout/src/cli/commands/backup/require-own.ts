import type { Manifest } from '@dhash/backup-core';
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
