import { open } from 'node:fs/promises';
import { isBackupError } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import { type BytePath, bytePath, bytesOf, joinPath } from '../source/byte-path.ts';
import { type FileAttributes, renderAttributes } from './file-attributes.ts';

/** Makes what was set durable. */
const sync = async (path: BytePath): Promise<void> => {
  const handle = await open(bytesOf(path), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/**
 * Gives files that lie below a path (`''`: itself) the attributes that they had. What this user may not set, a disk does not
 * take, or there is no program for is missing then, and a proof tells of it: it is no reason not to bring data back.
 */
export const giveAttributes = async (
  root: string,
  all: readonly FileAttributes[],
  signal?: AbortSignal,
): Promise<void> => {
  if (all.length === 0 || process.platform !== 'linux') return;
  const placeOf = (path: BytePath): BytePath =>
    path === '' ? bytePath(root) : joinPath(bytePath(root), path);
  async function* input() {
    yield renderAttributes(all, placeOf);
  }
  try {
    await runProcess({
      what: 'setfattr',
      command: ['setfattr', '--no-dereference', '--restore=-'],
      input: input(),
      signal,
    });
  } catch (error) {
    if (!isBackupError(error) || signal?.aborted === true) throw error;
    return;
  }
  for (const { name } of all) await sync(placeOf(Buffer.from(name, 'base64').toString('latin1')));
};

/** What of the attributes is not as it was: a sentence for each file. */
export const attributeNotes = (
  source: string,
  wanted: readonly FileAttributes[],
  found: readonly FileAttributes[],
): string[] => {
  const there = new Map(found.map(({ name, values }) => [name, values]));
  return wanted.flatMap(({ name, values }) => {
    const lost = Object.keys(values).filter((each) => there.get(name)?.[each] !== values[each]);
    return lost.length === 0
      ? []
      : [
          `${source}/${Buffer.from(name, 'base64').toString()}: without ${lost.map((each) => (each.startsWith('system.posix_acl') ? 'its access list' : each)).join(', ')}, which the backup has`,
        ];
  });
};
