import type { ManifestSource } from '../manifest.ts';
import type { FileAttributes } from './file-attributes.ts';

/** The facts of a source with its attributes, or with a word that nobody looked. */
export const withAttributes = (
  facts: ManifestSource,
  attributes: readonly FileAttributes[] | null,
): ManifestSource => {
  if (attributes === null)
    return process.platform === 'linux'
      ? {
          ...facts,
          notes: [
            ...(facts.notes ?? []),
            `${facts.name}: access lists and extended attributes are not kept, as there is no getfattr here (package attr)`,
          ],
        }
      : facts;
  return attributes.length === 0 ? facts : { ...facts, attributes: [...attributes] };
};
