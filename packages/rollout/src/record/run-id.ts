import { randomBytes } from 'node:crypto';

/** Kinds of run; each run has one journal. */
export const runKinds = ['deploy', 'migrate', 'rollback', 'watch', 'service', 'freeze'] as const;
export type RunKind = (typeof runKinds)[number];

/** `20261124T101500Z-production-deploy-3fa9`: sorts by time, and names its environment to a person. */
export const newRunId = (
  atMs: number,
  env: string,
  kind: RunKind,
  random: string = randomBytes(2).toString('hex'),
): string => `${compactUtc(atMs)}-${env}-${kind}-${random}`;

/** `20261124T101500Z`: UTC to the second, as in the names of backups. */
const compactUtc = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
