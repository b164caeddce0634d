import type { EnvironmentConfig } from '../config/types.ts';
import { openCommandTarget } from './command-target.ts';
import { openReleasesTarget } from './releases-target.ts';
import type { Target, TargetRun } from './types.ts';
import { verifiedTarget } from './verified-target.ts';

export type { Target, TargetRun } from './types.ts';

/** The target that an environment names, as one run sees it; what its stop says is looked after. */
export const openTarget = (config: EnvironmentConfig, run: TargetRun): Target =>
  verifiedTarget(
    config.target.type === 'releases'
      ? openReleasesTarget(config, config.target, run)
      : openCommandTarget(config, config.target, run),
    config,
    run,
  );
