/**
 * The secret that tests put into every address and password: one recognisable text. `.ci/run` makes
 * it anew for each run and searches for it in everything the run leaves.
 */
export const canary: string = process.env['CANARY_SECRET'] ?? 'canary-0123456789abcdef01234567';

/** Base64 of the text wherever it may begin in a longer one: what all three have in common with it. */
const base64Forms = (secret: string): string[] =>
  [0, 1, 2].map((before) => {
    const whole = Buffer.from('\0'.repeat(before) + secret).toString('base64');
    // Characters at both ends also depend on what stands beside it.
    return whole.slice(before === 0 ? 0 : 4).replace(/.{0,2}={0,2}$/, '');
  });

/** The bytes to look for: as it is, in base64 at any offset, in hex. */
export const formsOf = (secret: string): Buffer[] =>
  [secret, ...base64Forms(secret), Buffer.from(secret).toString('hex')].map((form) =>
    Buffer.from(form),
  );

/** Whether any form stands in the bytes. */
export const holdsAny = (bytes: Buffer, forms: readonly Buffer[]): boolean =>
  forms.some((form) => bytes.includes(form));
