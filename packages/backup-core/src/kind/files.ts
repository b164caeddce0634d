import { isAbsolute } from 'node:path';
import { attributeNotes, giveAttributes } from '../attributes/give-attributes.ts';
import { attributesIn } from '../attributes/read-attributes.ts';
import { withAttributes } from '../attributes/with-attributes.ts';
import type { Manifest, ManifestSource } from '../manifest.ts';
import { filesObstacles } from '../put-back/files-obstacles.ts';
import { compareFolder } from '../restore/compare-folder.ts';
import { extractSource } from '../restore/extract.ts';
import { filesTarget, workPlacesOf } from '../restore/files-target.ts';
import { exists } from '../restore/move.ts';
import { looksProof } from '../restore/prove-looks.ts';
import type { PathTarget } from '../restore/staged-target.ts';
import { swapContentsBack, swapContentsIn } from '../restore/swap-contents.ts';
import { swapFolderBack, swapFolderIn } from '../restore/swap-folder.ts';
import { linesOf } from '../shown-manifest.ts';
import { type BytePath, bytePath, bytesOf, shownPath } from '../source/byte-path.ts';
import { type Filters, fileFilter, isOurs } from '../source/file-filter.ts';
import {
  DEFAULT_FOLDER_MODE,
  type FileListing,
  listFiles,
  pathInside,
} from '../source/list-files.ts';
import { ownerUnless } from '../stored-owner.ts';
import type { FilesSource } from '../types.ts';
import type { Compared, DataKind } from './data-kind.ts';
import { discardFolder } from './discard-folder.ts';

/** Options that are there. */
const given = ({ include, exclude }: Filters): Pick<FilesSource, 'include' | 'exclude'> => ({
  ...(include === undefined ? {} : { include }),
  ...(exclude === undefined ? {} : { exclude }),
});

/** Whether a folder's path can be a key of `folderModes`: text, and none that an object takes for something else. */
const isKey = (name: BytePath, text: string): boolean =>
  text !== '__proto__' && bytePath(text) === name;

const factsOf = (
  { name, include, exclude }: FilesSource,
  { root, folders, notes: listed }: Pick<FileListing, 'root' | 'folders' | 'notes'>,
  isEmpty: boolean,
): ManifestSource => {
  const notes = isEmpty ? [...listed, `${name}: the backup holds no file of it`] : listed;
  const modes: Record<string, number> = {};
  if (root.mode !== DEFAULT_FOLDER_MODE) modes[''] = root.mode;
  const special: NonNullable<ManifestSource['folders']> = [];
  for (const [path, looks] of folders) {
    const text = shownPath(path);
    const isOwn = looks.uid === root.uid && looks.gid === root.gid;
    if (isOwn && isKey(path, text)) modes[text] = looks.mode;
    else
      special.push({
        name: bytesOf(path).toString('base64'),
        mode: looks.mode,
        ...ownerUnless(root, looks),
      });
  }
  return {
    name,
    type: 'files',
    ...ownerUnless(null, root),
    ...(include === undefined ? {} : { include: [...include] }),
    ...(exclude === undefined ? {} : { exclude: [...exclude] }),
    ...(Object.keys(modes).length === 0 ? {} : { folderModes: modes }),
    ...(special.length === 0 ? {} : { folders: special }),
    ...(notes.length === 0 ? {} : { notes: [...notes] }),
  };
};

const sourceIn = (manifest: Pick<Manifest, 'sources'>, name: string): ManifestSource | undefined =>
  manifest.sources.find((source) => source.name === name);

/** Whether what lies at a path is in the backup, as far as globs tell. */
const wantedIn = (source: FilesSource): ((path: BytePath) => boolean) => {
  const filter = fileFilter(source);
  return (path) => {
    const parts = shownPath(path).split('/');
    return !parts.some(
      (part, i) => isOurs(part) || filter.isExcluded(parts.slice(0, i + 1).join('/')),
    );
  };
};

/** Folders of files: hashed one by one, swapped as a whole by two renames. */
export const filesKind: DataKind<FilesSource, PathTarget> = {
  isCapturedFirst: false,
  problems: ({ name, path }) =>
    isAbsolute(path) ? [] : [`the path of the source "${name}" is not absolute: ${path}`],
  capture: async (source, { signal }) => {
    // Not the listing as one: the facts are asked for when its items are not needed any more.
    const { items, unreadable, ...looks } = await listFiles(source, signal);
    const isEmpty = items.length === 0;
    // Beside the work that follows.
    const attributes = attributesIn(source.path, wantedIn(source), signal);
    attributes.catch(() => undefined);
    return {
      items,
      owner: looks.root,
      diskPath: (name) => pathInside(source.path, name),
      unreadable,
      facts: async () => withAttributes(factsOf(source, looks, isEmpty), await attributes),
    };
  },
  obstacles: filesObstacles,
  target: filesTarget,
  stage: async (target, job) => {
    await extractSource({ ...job, target });
    const { attributes = [] } = sourceIn(job.backup.manifest, target.name) ?? {};
    await giveAttributes(target.staged, attributes, job.signal);
  },
  isAside: ({ previous }) => exists(previous),
  swapIn: (target, { disk }) =>
    (target.contents === undefined ? swapFolderIn : swapContentsIn)(disk, target),
  swapBack: (target, { disk }) =>
    (target.contents === undefined ? swapFolderBack : swapContentsBack)(disk, target),
  discard: async (target, { disk }) => {
    for (const work of workPlacesOf(target))
      if (await exists(work)) await discardFolder(disk, work);
  },
  asSource: (target, which) => ({ name: target.name, type: 'files', path: target[which] }),
  prove: async ({ name, type, path }, manifest, signal) => {
    // What the backup left out stayed where it was.
    const { include, exclude, attributes = [] } = sourceIn(manifest, name) ?? {};
    const looks = looksProof(manifest, name, path);
    const { added, changed, removed, files, bytes } = await compareFolder(
      manifest,
      { name, type, path, ...given({ include, exclude }) },
      { signal, onSame: looks.line },
    );
    const problems = [
      ...removed.map((each) => `${each}: missing`),
      ...changed.map((each) => `${each}: another content`),
      ...added.map((each) => `${each}: not in the backup`),
    ];
    if (problems.length === 0) looks.folders();
    const found = attributes.length === 0 ? [] : await attributesIn(path, () => true, signal);
    const notes = [...looks.notes, ...attributeNotes(name, attributes, found ?? [])];
    return { problems, notes, files, bytes, tables: null };
  },
  compare: async (source, { include, exclude }, manifest, options): Promise<Compared> => {
    if (!(await exists(source.path))) {
      const removed: string[] = [];
      for (const { path } of linesOf(manifest))
        if (path.startsWith(`${source.name}/`)) removed.push(path);
      return { added: [], changed: [], removed, tables: null };
    }
    const same = { ...source, ...given({ include, exclude }) };
    return { ...(await compareFolder(manifest, same, { signal: options?.signal })), tables: null };
  },
};
