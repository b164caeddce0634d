import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { missingRight } from '@dhash/journal';
import type { Environment } from '../../environment/environment.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** The folder itself, or the nearest above it that is there. */
const nearestThere = async (folder: string): Promise<string> => {
  for (let path = folder; ; path = dirname(path)) {
    const isThere = await stat(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    if (isThere || path === dirname(path)) return path;
  }
};

/** Which right is missing to write into a folder, or to make it; `null`: none is. */
const whyNotWritable = async (folder: string): Promise<string | null> => {
  const there = await nearestThere(folder);
  try {
    // What may be written need not be a folder.
    await access(`${there}/`, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR'
      ? `ENOTDIR: a folder is expected at ${there}`
      : missingRight(there, 'write');
  }
};

/** Whether this user may write everywhere that a rollout writes, and whether all checkouts see its record. */
export const ownPlaces = async ({
  config,
  layout,
  shown,
  target,
}: Environment): Promise<Finding[]> => {
  const { lockFile } = target({ runId: 'doctor', version: null, previous: null });
  const places: readonly [string, string][] = [
    ['lock', dirname(lockFile)],
    ['record', layout.shared?.runs ?? layout.rollouts],
    ['samples', layout.shared?.monitor ?? layout.monitorLogs],
    ['backups', config.backup.dir],
    ['incidents', layout.incidents],
    ['notifications', layout.notifications],
    ['spool of notifications', `${layout.notifications}/spool`],
  ];
  const missing: Finding[] = [];
  for (const [what, folder] of places) {
    const why = await whyNotWritable(folder);
    if (why !== null) missing.push(problem(`${what}: ${shown(folder)} cannot be written: ${why}`));
  }
  return [
    ...(missing.length > 0
      ? missing
      : [
          ok(`backups: ${shown(config.backup.dir)} can be written`),
          ok(`record: ${shown(layout.shared?.runs ?? layout.rollouts)} can be written`),
        ]),
    ...(layout.shared === null
      ? [
          warning(
            'lock and record lie in this checkout (rollouts/): another checkout does not see them, and git clean removes them; name a folder outside of it: state: /var/lib/…',
          ),
        ]
      : []),
  ];
};
