import { visibleLine } from '../words/visible.ts';
import { type Target, TargetError } from './types.ts';

/**
 * Asks the target whether it runs what was activated: a switch can be lost in a crash, and be made by somebody else.
 * A `command` target may ask the service itself, so that one that has only just been started names none yet.
 *
 * @param when `started`: a command target that names no release is not judged; `healthy`: it is.
 * @throws {TargetError} `not-active`
 */
export const requireActive = async (
  target: Pick<Target, 'kind' | 'current'>,
  version: string,
  when: 'started' | 'healthy',
): Promise<void> => {
  const active = await target.current();
  if (active === version) return;
  if (active === null && target.kind === 'command' && when === 'started') return;
  throw new TargetError(
    'not-active',
    `release ${version} was activated, and the target says that ${active === null ? 'none' : visibleLine(active)} is active: the switch was lost (a crash before it reached the disk), or somebody else made another`,
  );
};
