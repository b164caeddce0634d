import { z } from 'zod';

/** Names end up in file names (`<service>_<time>_<env>_<tag>.zip`), where `_` parts them. */
const namePattern = /^[a-z0-9][a-z0-9-]{0,40}$/;
/** Name of a thing in rollout.yaml. */
export const name = z
  .string()
  .regex(namePattern, 'must be lower-case letters, digits and "-", at most 41 of them');
export const text = z.string().min(1, 'must not be empty');
export const path = text.describe('A path, relative to the folder of rollout.yaml.');
