import { TargetError } from './types.ts';

const pattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

/**
 * A version that somebody typed: it names folders and artifacts, and stands in people's shell scripts.
 *
 * @throws {TargetError} `bad-version`
 */
export const askedVersion = (version: string): string => {
  if (pattern.test(version)) return version;
  throw new TargetError(
    'bad-version',
    `--version ${JSON.stringify(version)}: expected letters, digits and ._+-, a letter or digit first, at most 64`,
  );
};
