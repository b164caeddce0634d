import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { realDisk, syncFolder } from '../disk.ts';
import { systemCode } from '../errors.ts';
import { replaceFile } from '../replace-file.ts';
import type { DiskOption } from '../types.ts';

/** Lies beside its zip: that the backup was restored once, for real, and how long that took. */
export const PROOF_SUFFIX = '.proof.json';

const ms = z.number().check(z.nonnegative());

const proof = z.object({
  format: z.literal(1),
  /** SHA-256 of the zip that was restored: a proof of another file counts for nothing. */
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  contentRoot: z.string(),
  service: z.string(),
  env: z.string(),
  /** When the drill ended (ISO 8601, UTC). */
  at: z.iso.datetime(),
  tool: z.object({ name: z.string(), version: z.string() }),
  /** Release stamped in the backup, where it was started on the restored data; null: no service was started. */
  started: z.nullable(z.string()),
  /** Sources whose dump was read and checked, and loaded nowhere: only their own command knows where, and that is live. */
  notLoaded: z._default(z.array(z.string()), []),
  /** What held, in the order in which it was checked. */
  checks: z.array(z.object({ name: z.string(), result: z.string() })),
  /** How long each phase took, in order. */
  phases: z.array(z.object({ name: z.string(), ms })),
  /** The measured recovery time: from the closed zip to data (and service) that passed every check, ms. */
  totalMs: ms,
});

/** A drill that held. One that failed leaves none. */
export type Proof = z.infer<typeof proof>;

/**
 * The proof beside a zip; null where there is none that is about this very file.
 *
 * @param sha256 of the zip, as its sidecar says
 */
export const readProof = async (file: string, sha256: string): Promise<Proof | null> => {
  try {
    const parsed = proof.safeParse(JSON.parse(await readFile(file + PROOF_SUFFIX, 'utf8')));
    return parsed.success && parsed.data.sha256 === sha256 ? parsed.data : null;
  } catch (error) {
    // What can't be read proves nothing; a new drill writes it anew.
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null;
    throw error;
  }
};

/** Writes a proof beside its zip, whole or not at all. */
export const writeProof = async (
  file: string,
  content: Proof,
  { disk = realDisk }: DiskOption = {},
): Promise<void> => {
  await replaceFile(disk, file + PROOF_SUFFIX, 'proof', [`${JSON.stringify(content, null, 1)}\n`]);
};

/** Takes a proof away: a later drill of the same backup did not hold. Returns whether there was one. */
export const withdrawProof = async (
  file: string,
  { disk = realDisk }: DiskOption = {},
): Promise<boolean> => {
  try {
    await disk.unlink(file + PROOF_SUFFIX);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  await syncFolder(disk, dirname(file));
  return true;
};
