import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { filesOfSource } from '../backup-files.ts';
import { systemCode, throwUnreadable } from '../errors.ts';
import type { ManifestFile } from '../manifest.ts';
import { filesTarget } from '../restore/files-target.ts';
import { entriesOf } from '../restore/movable.ts';
import type { PathTarget } from '../restore/staged-target.ts';
import { fileFilter, isOurs } from '../source/file-filter.ts';
import type { FilesSource } from '../types.ts';
import { mountsInside } from './mount-points.ts';
import { type Found, type Looked, type PutBackJob, refuses, warns } from './obstacle.ts';
import { placeObstacles, unmovable } from './place.ts';
import { type FolderSurvey, type Some, surveyFolder } from './survey-folder.ts';

/** Room that a file of a backup takes once it is restored: of one with holes what is not a hole. */
export const restoredBytes = ({ size, allocated = size }: ManifestFile): number => allocated;

const lookAt = async (path: string): Promise<Stats | null> => {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    return throwUnreadable(path)(error);
  }
};

const more = ({ count, first }: Some): string =>
  count === 1 ? first : `${first} and ${count - 1} more`;

/** Mounts inside of what a restore would move away. */
const nestedMounts = (source: FilesSource): Found[] => {
  const filter = fileFilter(source);
  const isLeftOut = (path: string): boolean => {
    const parts = path.split('/');
    return parts.some((_, i) => filter.isExcluded(parts.slice(0, i + 1).join('/')));
  };
  return mountsInside(source.path)
    .filter((path) => !isLeftOut(path))
    .map((path) =>
      refuses(
        'mount-point',
        `something is mounted at ${join(source.path, path)}, inside the data, and can't be moved with it: leave it out ("exclude": "${path}"), or make it a source of its own`,
      ),
    );
};

/** Each entry of a folder that stays in its place is moved by itself. */
const contentObstacles = async ({ live }: PathTarget, source: FilesSource): Promise<Found[]> => {
  const filter = fileFilter(source);
  const found: Found[] = [];
  const entries = await entriesOf(Buffer.from(live));
  for (const entry of entries) {
    const name = Buffer.from(entry.name, 'latin1').toString();
    if (isOurs(name) || filter.isExcluded(name)) continue;
    if (entry.isDirectory()) found.push(...(await unmovable(join(live, name))));
    if (found.length > 0) break;
  }
  return found;
};

const surveyed = (source: FilesSource, { foreign, special, unmatched }: FolderSurvey): Found[] => [
  ...unmatched.map(({ option, glob }) =>
    warns(
      'filters',
      `"${glob}" of ${option} matches nothing in ${source.path}: mind upper and lower case, and that a glob is relative to that folder`,
    ),
  ),
  ...(foreign.count === 0
    ? []
    : [
        warns(
          'owners',
          `${more(foreign)} in ${source.path} belong${foreign.count === 1 ? 's' : ''} to users or groups that this user can't give anything to: restored, it would be this user's. Run restores as root to keep owners`,
        ),
      ]),
  ...(special.count === 0
    ? []
    : [
        warns(
          'special-files',
          `${more(special)} in ${source.path} ${special.count === 1 ? 'is a socket, pipe or device' : 'are sockets, pipes or devices'}: a backup leaves them out, and a restore brings none back`,
        ),
      ]),
];

const bytesOfBackup = ({ backup }: PutBackJob, source: string): number | null => {
  if (backup === null) return null;
  let bytes = 0;
  for (const { line } of filesOfSource(backup.files, source)) bytes += restoredBytes(line);
  return bytes;
};

/** Whether a folder could be put back now. */
export const filesObstacles = async (source: FilesSource, job: PutBackJob): Promise<Looked> => {
  const { path } = source;
  const stat = await lookAt(path);
  // A first deploy has no data yet; a backup needs a place to go to.
  if (stat === null && job.backup === null) return { found: [], room: null };
  if (stat?.isSymbolicLink())
    return {
      found: [
        refuses(
          'link',
          `${path} is a link to ${await readlink(path)}, and a folder is expected: name the folder that it leads to`,
        ),
      ],
      room: null,
    };
  if (stat !== null && !stat.isDirectory())
    return { found: [refuses('not-there', `${path} is not a folder`)], room: null };
  const target = filesTarget(source, 'room');
  const found = await placeObstacles(target, job.disk, job.depth);
  const known = bytesOfBackup(job, source.name);
  if (stat === null || job.depth === 'quick')
    return { found, room: known === null ? null : { target, bytes: known } };
  found.push(...nestedMounts(source));
  if (target.contents === undefined) found.push(...(await unmovable(path)));
  else found.push(...(await contentObstacles(target, source)));
  const survey = await surveyFolder(source, job.signal);
  found.push(...surveyed(source, survey));
  return { found, room: { target, bytes: known ?? survey.bytes } };
};
