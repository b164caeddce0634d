import { realDisk } from '../disk.ts';
import { BackupError } from '../errors.ts';
import type { RestoreContext } from '../kind/data-kind.ts';
import type { DataSource } from '../types.ts';
import type { StagedTarget } from './staged-target.ts';
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

/** The source of a target as its kind knows it. @throws BackupError `bad-option` where the caller named none */
export const sourceOfType = <T extends DataSource['type']>(
  type: T,
  target: StagedTarget,
  context: Pick<RestoreContext, 'sourceOf'>,
): Extract<DataSource, { readonly type: T }> => {
  const source = context.sourceOf(target);
  const isOfType = (one: DataSource): one is Extract<DataSource, { readonly type: T }> =>
    one.type === type;
  if (isOfType(source)) return source;
  throw new TypeError(`${target.name} is of type ${source.type}`);
};
