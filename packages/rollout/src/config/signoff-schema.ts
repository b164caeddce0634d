import { resolve } from 'node:path';
import * as z from 'zod';
import { path } from './scalars.ts';

const DEFAULT_BUNDLE = 'premerge_artifacts.zip';

/** `requireSignoff` of an environment. */
export const requireSignoffSchema = z
  .union(
    [
      z.boolean(),
      z.strictObject({
        bundle: path
          .default(DEFAULT_BUNDLE)
          .describe(
            'The zip that is signed off; the sign-off lies beside it. Default: premerge_artifacts.zip.',
          ),
        allowedSigners: path
          .optional()
          .describe(
            "Who may sign, with their SSH keys (ssh-keygen's allowed_signers). Without it a sign-off is a name, unauthenticated.",
          ),
      }),
    ],
    { error: 'must be true, false, or { bundle, allowedSigners }' },
  )
  .default(false)
  .describe(
    'A deploy is refused without a sign-off (dhash-rollout signoff) of its release, bundle and gates. Default: false.',
  );

export interface SignoffConfig {
  /** Absolute. */
  readonly bundle: string;
  /** Absolute; `null`: none. */
  readonly allowedSigners: string | null;
}

/** @returns `null`: no sign-off is asked for */
export const signoffOf = (
  root: string,
  input: z.output<typeof requireSignoffSchema>,
): SignoffConfig | null => {
  if (input === false) return null;
  const { bundle, allowedSigners } =
    input === true ? { bundle: DEFAULT_BUNDLE, allowedSigners: undefined } : input;
  return {
    bundle: resolve(root, bundle),
    allowedSigners: allowedSigners === undefined ? null : resolve(root, allowedSigners),
  };
};
