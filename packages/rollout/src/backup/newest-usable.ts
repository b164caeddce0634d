import { type SurveyedBackup, surveyBackups } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';

const FUTURE_MS = 24 * 60 * 60 * 1000;

type Of = Pick<EnvironmentConfig, 'service' | 'env' | 'backup'>;

/** The newest complete backup of an environment: with its sidecar, of this service, not from the future. */
export const newestUsable = async (
  { service, env, backup }: Of,
  nowMs: number,
): Promise<SurveyedBackup | null> => {
  const { dir, maxShrink } = backup;
  const all = await surveyBackups(dir, { service, env, maxShrink });
  return all.find(({ unusable, at }) => unusable === null && at <= nowMs + FUTURE_MS) ?? null;
};
