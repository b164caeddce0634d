import type { StoredManifest } from '../manifest.ts';
import { type BytePath, bytePath } from '../source/byte-path.ts';
import { truePath } from '../stored-path.ts';

/** What a manifest says of a folder: mode, and owner where that is not the one of its source. */
export interface StoredLooks {
  readonly mode: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** What the folders of a source look like that are not as most are, by path; `''` is the source's own. */
export const folderLooks = (
  manifest: Pick<StoredManifest, 'sources' | 'entries'>,
  name: string,
): ReadonlyMap<BytePath, StoredLooks> => {
  const looks = new Map<BytePath, StoredLooks>();
  const source = manifest.sources.find((one) => one.name === name);
  for (const [path, mode] of Object.entries(source?.folderModes ?? {}))
    looks.set(bytePath(path), { mode });
  for (const { name: path, ...each } of source?.folders ?? [])
    looks.set(Buffer.from(path, 'base64').toString('latin1'), each);
  for (const line of manifest.entries) {
    if (line.type !== 'dir' || !line.path.startsWith(`${name}/`)) continue;
    const place = truePath(name, line);
    if ('path' in place) looks.set(place.path, line);
  }
  return looks;
};
