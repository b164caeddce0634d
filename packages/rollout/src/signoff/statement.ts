import * as z from 'zod';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

const statementSchema = z.strictObject({
  format: z.literal(1),
  /** SHA-256 of the bundle's zip. */
  bundle: sha256,
  service: z.string(),
  env: z.string(),
  version: z.string(),
  /** Fingerprint of the gates that the release will be watched with. */
  policy: z.string(),
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
});

/** What a person puts a name to: this bundle, this release, these gates. */
export type SignoffStatement = z.output<typeof statementSchema>;

/** What a deploy needs to be signed off. */
export type SignedMatter = Pick<SignoffStatement, 'service' | 'env' | 'version' | 'policy'> & {
  /** `null`: the bundle is not here to be hashed. */
  readonly bundle: string | null;
};

/** The bytes that are signed and kept. */
export const statementText = (statement: SignoffStatement): string =>
  `${JSON.stringify(statement, null, 2)}\n`;

/** @throws {RolloutError} `bad-signoff` (exit 8): the file is no sign-off. */
export const parseStatement = (text: string, file: string): SignoffStatement => {
  try {
    return statementSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new RolloutError('bad-signoff', exitCodes.notVerified, `${file} is no sign-off: ${why}`);
  }
};

const named: readonly (readonly [keyof SignedMatter, string])[] = [
  ['service', 'the service'],
  ['env', 'the environment'],
  ['version', 'release'],
  ['policy', 'the gates with fingerprint'],
  ['bundle', 'the bundle with SHA-256'],
];

const short = (value: string): string =>
  /^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, 12)}…` : value;

/** Where a sign-off is not about what is deployed: one sentence each. Pure. */
export const mismatches = (signed: SignoffStatement, asked: SignedMatter): string[] =>
  named.flatMap(([field, what]) => {
    const wanted = asked[field];
    if (wanted === null) return ['the bundle that it was given for is not here'];
    return signed[field] === wanted
      ? []
      : [`it was given for ${what} ${short(signed[field])}, not for ${short(wanted)}`];
  });
