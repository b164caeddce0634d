import { readFile, rm } from 'node:fs/promises';
import { atomicWriteFile } from '@dhash/journal';
import JSZip from 'jszip';
import * as z from 'zod';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { hashOf, signoffFile } from './read-signoff.ts';
import { signFile } from './ssh-signature.ts';
import { type SignoffStatement, statementText } from './statement.ts';

const factsSchema = z.looseObject({ version: z.string() });

/** The release that a bundle rehearsed, as its premerge.json says; `null`: it has none. */
const versionIn = async (bundle: string): Promise<string | null> => {
  try {
    const entry = (await JSZip.loadAsync(await readFile(bundle))).file('premerge.json');
    return entry === null
      ? null
      : factsSchema.parse(JSON.parse(await entry.async('string'))).version;
  } catch (cause) {
    const message = `${bundle} is no bundle: ${messageOf(cause)}`;
    throw new RolloutError('bad-bundle', exitCodes.notVerified, message, { cause });
  }
};

const versionOf = (inBundle: string | null, asked: string | null): string => {
  if (inBundle !== null && asked !== null && inBundle !== asked)
    throw new RolloutError(
      'other-version',
      exitCodes.usage,
      `the bundle rehearsed release ${inBundle}, not ${asked}`,
    );
  const version = inBundle ?? asked;
  if (version !== null) return version;
  throw new RolloutError(
    'no-version',
    exitCodes.usage,
    'the bundle does not say which release it is of (it has no premerge.json)',
    { hints: ['name it: --version V'] },
  );
};

export interface SignoffRequest {
  /** Absolute path of the zip. */
  readonly bundle: string;
  readonly by: string;
  /** SSH key; `null`: the sign-off is a name, and nothing shows whose. */
  readonly key: string | null;
  readonly version: string | null;
  readonly nowMs: number;
}

/**
 * Writes the sign-off of a bundle beside it, signed where there is a key.
 *
 * @throws {RolloutError} `no-bundle`, `other-version`, `no-version` (exit 2), `bad-bundle` (8), `not-signed` (1)
 */
export const giveSignoff = async (
  { config, policy }: Environment,
  { bundle, by, key, version, nowMs }: SignoffRequest,
): Promise<{ readonly file: string; readonly statement: SignoffStatement }> => {
  const sha256 = await hashOf(bundle);
  if (sha256 === null)
    throw new RolloutError('no-bundle', exitCodes.usage, `${bundle} is not there`, {
      hints: ['npm run premerge makes one; the pull request’s checks keep one, too'],
    });
  const statement: SignoffStatement = {
    format: 1,
    bundle: sha256,
    service: config.service,
    env: config.env,
    version: versionOf(await versionIn(bundle), version),
    policy: (await policy()).fingerprint,
    by,
    at: new Date(nowMs).toISOString(),
  };
  const file = signoffFile(bundle);
  // An older signature is none of the new statement, and ssh-keygen would ask before it writes over it.
  await rm(`${file}.sig`, { force: true });
  await atomicWriteFile(file, statementText(statement));
  if (key !== null) await signFile(file, key);
  return { file, statement };
};
