import { realDisk } from '../disk.ts';
import { BackupError } from '../errors.ts';
import type { RestoreContext } from '../kind/data-kind.ts';
import type { RestoreOptions } from './swap.ts';

/** The options with everything decided. */
export const contextOf = ({
  disk = realDisk,
  signal,
  sources = [],
}: RestoreOptions): RestoreContext => ({
  disk,
  signal,
  sourceOf: ({ name, type }) => {
    const found = sources.find((source) => source.name === name && source.type === type);
    if (found !== undefined) return found;
    throw new BackupError(
      'bad-option',
      `"sources" names no "${name}" of type ${type}: its data can't be reached`,
    );
  },
});
