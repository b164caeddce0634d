import type { GlobalOptions } from '../../run-command-line.ts';

/** What `dhash-rollout backup` was asked for. */
export interface BackupFlags extends GlobalOptions {
  readonly env?: string;
  readonly tag?: string;
  readonly verify?: string;
  readonly list?: boolean;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly latest?: boolean;
  readonly show?: string;
  readonly acceptShrink?: string;
  readonly drill?: string;
  readonly copy?: string;
  readonly scratch?: string;
  readonly reason?: string;
}
