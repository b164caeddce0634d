import { isAbsolute } from 'node:path';
import type { ManifestSource } from '../manifest.ts';
import { compareFolder } from '../restore/compare-folder.ts';
import { extractSource } from '../restore/extract.ts';
import { exists } from '../restore/move.ts';
import { type PathTarget, pathTarget } from '../restore/staged-target.ts';
import { swapFolderBack, swapFolderIn } from '../restore/swap-folder.ts';
import { linesOf } from '../shown-manifest.ts';
import { type FileListing, listFiles, pathInside } from '../source/list-files.ts';
import type { FilesSource } from '../types.ts';
import type { Compared, DataKind } from './data-kind.ts';
import { discardFolder } from './discard-folder.ts';

const factsOf = (
  { name, include, exclude }: FilesSource,
  folderModes: FileListing['folderModes'],
): ManifestSource => ({
  name,
  type: 'files',
  ...(include === undefined ? {} : { include: [...include] }),
  ...(exclude === undefined ? {} : { exclude: [...exclude] }),
  ...(Object.keys(folderModes).length === 0 ? {} : { folderModes }),
});

/** Folders of files: hashed one by one, swapped as a whole by two renames. */
export const filesKind: DataKind<FilesSource, PathTarget> = {
  isCapturedFirst: false,
  problems: ({ name, path }) =>
    isAbsolute(path) ? [] : [`the path of the source "${name}" is not absolute: ${path}`],
  capture: async (source, { signal }) => {
    // Not the listing as one: the facts are asked for when its items are not needed any more.
    const { items, folderModes, unreadable } = await listFiles(source, signal);
    return {
      items,
      diskPath: (name) => pathInside(source.path, name),
      unreadable,
      facts: () => Promise.resolve(factsOf(source, folderModes)),
    };
  },
  target: (source, id) => pathTarget(source, id),
  stage: (target, job) => extractSource({ ...job, target }),
  isAside: ({ previous }) => exists(previous),
  swapIn: (target, { disk }) => swapFolderIn(disk, target),
  swapBack: (target, { disk }) => swapFolderBack(disk, target),
  discard: ({ work }, { disk }) => discardFolder(disk, work),
  asSource: (target, which) => ({ name: target.name, type: 'files', path: target[which] }),
  prove: async ({ name, type, path }, manifest, signal) => {
    // What was excluded from the backup would be extra here: no globs.
    const { added, changed, removed, files, bytes } = await compareFolder(
      manifest,
      { name, type, path },
      signal,
    );
    const problems = [
      ...removed.map((each) => `${each}: missing`),
      ...changed.map((each) => `${each}: another content`),
      ...added.map((each) => `${each}: not in the backup`),
    ];
    return { problems, files, bytes, tables: null };
  },
  compare: async (source, { include, exclude }, manifest, signal): Promise<Compared> => {
    if (!(await exists(source.path))) {
      const removed: string[] = [];
      for (const { path } of linesOf(manifest))
        if (path.startsWith(`${source.name}/`)) removed.push(path);
      return { added: [], changed: [], removed, tables: null };
    }
    const same = {
      ...source,
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
    };
    return { ...(await compareFolder(manifest, same, signal)), tables: null };
  },
};
