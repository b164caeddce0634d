import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { signatureProblem } from './ssh-signature.ts';
import { parseStatement, type SignoffStatement } from './statement.ts';

/** Where the sign-off of a bundle lies; its signature is `….sig`. */
export const signoffFile = (bundle: string): string => `${bundle}.signoff`;

/** What a sign-off is worth. */
export type SignoffProof =
  | { readonly kind: 'signed' }
  /** A name in a file, and nothing that shows who wrote it. */
  | { readonly kind: 'unauthenticated'; readonly why: string }
  | { readonly kind: 'refuted'; readonly why: string };

export interface ReadSignoff {
  readonly statement: SignoffStatement;
  readonly proof: SignoffProof;
}

/** SHA-256 of a file, read in pieces; `null`: there is none. */
export const hashOf = async (file: string): Promise<string | null> => {
  if (!existsSync(file)) return null;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

const proofOf = async (
  text: string,
  { by }: SignoffStatement,
  { file, allowedSigners }: { readonly file: string; readonly allowedSigners: string | null },
): Promise<SignoffProof> => {
  if (allowedSigners === null)
    return {
      kind: 'unauthenticated',
      why: 'no allowed_signers file is named: anybody can have written it',
    };
  if (!existsSync(`${file}.sig`))
    return { kind: 'refuted', why: `${file}.sig is not there: it was not signed` };
  const why = await signatureProblem(text, { signature: `${file}.sig`, allowedSigners, by });
  return why === null ? { kind: 'signed' } : { kind: 'refuted', why };
};

/**
 * The sign-off of a bundle, and what it is worth; `null`: there is none.
 *
 * @throws {RolloutError} `bad-signoff`: the file is no sign-off
 */
export const readSignoff = async (
  bundle: string,
  allowedSigners: string | null,
): Promise<ReadSignoff | null> => {
  const file = signoffFile(bundle);
  if (!existsSync(file)) return null;
  const text = await readFile(file, 'utf8');
  const statement = parseStatement(text, file);
  return { statement, proof: await proofOf(text, statement, { file, allowedSigners }) };
};

/** A sign-off in one sentence. */
export const describeSignoff = ({ statement, proof }: ReadSignoff): string => {
  const what = `release ${statement.version} is signed off by ${statement.by} at ${statement.at}`;
  if (proof.kind === 'signed') return `${what}, by a key of theirs`;
  return proof.kind === 'unauthenticated'
    ? `${what}, unauthenticated: ${proof.why}`
    : `${what}, which is not shown: ${proof.why}`;
};
