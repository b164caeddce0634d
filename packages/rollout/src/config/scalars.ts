import * as z from 'zod';
import { durationPattern, parseDuration } from './duration.ts';

/** Names end up in file names (`<service>_<time>_<env>_<tag>.zip`), where `_` parts them. */
const namePattern = /^[a-z0-9][a-z0-9-]{0,40}$/;
/** Name of a thing in rollout.yaml. */
export const name = z
  .string()
  .regex(namePattern, 'must be lower-case letters, digits and "-", at most 41 of them');
export const text = z.string().min(1, 'must not be empty');
export const path = text.describe('A path, relative to the folder of rollout.yaml.');

export const duration = z
  .string()
  .regex(durationPattern, 'must be a duration with a unit: 500ms, 5s, 10m or 2h')
  .refine(
    (value) => !durationPattern.test(value) || parseDuration(value) !== null,
    'must be above zero and below 24 days',
  )
  .describe('A duration with a unit: 500ms, 5s, 10m, 2h.');

export const command = z
  .union([text, z.array(text).min(1)], {
    error: 'must be a text (it runs through the shell) or a list of texts (program and arguments)',
  })
  .describe('A text runs through the shell; a list runs as it stands.');

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');
