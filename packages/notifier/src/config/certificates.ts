import { readFileSync } from 'node:fs';
import { codeOf } from '@dhash/basics/code-of';
import { NotifierError } from '../errors.ts';

/**
 * The PEM text of a `caFile`.
 * @throws NotifierError `bad-secret`.
 */
export const readCertificates = (caFile: string): string => {
  try {
    return readFileSync(caFile, 'utf8');
  } catch (error) {
    throw new NotifierError('bad-secret', `its caFile ${caFile} can't be read (${codeOf(error)})`);
  }
};
