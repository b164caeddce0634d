import {
  isBackupError,
  type Proof,
  readProof,
  readSidecar,
  surveyBackups,
} from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';

/** `12.3 s`, or what a person would say of it: what a proof is good for. */
export const describeProof = ({ at, started, notLoaded, totalMs }: Proof): string => {
  const what = [
    'restored',
    ...(started === null ? [] : [`release ${started} started and tested`]),
    ...notLoaded.map((name) => `${name} read and not loaded`),
  ];
  return `proven by a drill on ${at.slice(0, 16).replace('T', ' ')} UTC: ${what.join(', ')} in ${(totalMs / 1000).toFixed(1)} s`;
};

/** A backup that was restored once, for real. */
export interface ProvenBackup {
  readonly file: string;
  readonly proof: Proof;
}

type Of = Pick<EnvironmentConfig, 'service' | 'env' | 'backup'>;

/** The newest backup of an environment that a drill proved, and that nothing speaks against; `null`: none. */
export const newestProven = async ({ service, env, backup }: Of): Promise<ProvenBackup | null> => {
  const all = await surveyBackups(backup.dir, { service, env, maxShrink: backup.maxShrink });
  for (const { file, provenAt, summary, unusable } of all) {
    if (provenAt === null || unusable !== null || summary === null) continue;
    const proof = await readProof(file, summary.sha256);
    if (proof !== null) return { file, proof };
  }
  return null;
};

/** What a person should know of a backup before they go back to it: whether it ever was restored. */
export const provenSentence = async (
  config: Of,
  { file, sha256 }: { readonly file: string; readonly sha256: string },
  shown: (path: string) => string,
): Promise<string> => {
  const proof = await readProof(file, sha256);
  if (proof !== null) return describeProof(proof);
  const proven = await newestProven(config);
  return proven === null
    ? 'it was never drilled, and no other backup of this environment was'
    : `it was never drilled; the newest proven one is ${shown(proven.file)} (${describeProof(proven.proof)})`;
};

/** The same of a file by its sidecar, unverified; also where it can't be read any more. */
export const provenOfFile = async (
  config: Of,
  file: string,
  shown: (path: string) => string,
): Promise<string> => {
  try {
    return await provenSentence(config, { file, sha256: await readSidecar(file) }, shown);
  } catch (error) {
    if (!isBackupError(error)) throw error;
    return `it can't be gone back to: ${error.message}`;
  }
};
