import { type SurveyedBackup, surveyBackups } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';

const FUTURE_MS = 24 * 60 * 60 * 1000;

type Of = Pick<EnvironmentConfig, 'service' | 'env' | 'backup'>;

const survey = ({ service, env, backup: { dir, maxShrink } }: Of): Promise<SurveyedBackup[]> =>
  surveyBackups(dir, { service, env, maxShrink });

/** Whether that backup is there, and nothing that can be seen at a glance speaks against it. */
export const isUsable = async (of: Of, file: string): Promise<boolean> =>
  (await survey(of)).some((one) => one.file === file && one.unusable === null);

/**
 * The newest complete backup of an environment: with its sidecar, of this service, not from the future.
 *
 * @param not a file that is not asked for
 */
export const newestUsable = async (
  of: Of,
  nowMs: number,
  not: string | null = null,
): Promise<SurveyedBackup | null> => {
  const all = await survey(of);
  const usable = all.filter(({ unusable, file }) => unusable === null && file !== not);
  return usable.find(({ at }) => at <= nowMs + FUTURE_MS) ?? null;
};
