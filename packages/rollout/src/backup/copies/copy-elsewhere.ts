import { basename } from 'node:path';
import {
  type CopyRecord,
  copyBackup,
  listBackups,
  readCopies,
  recordCopy,
} from '@dhash/backup-core';
import type { EnvironmentConfig } from '../../config/types.ts';
import type { CommandContext } from '../../environment/context.ts';
import { messageOf } from '../../errors.ts';
import { runRclone } from './run-rclone.ts';

/** A copy that is still to be made: of the new backup, or one that failed before. */
export interface DueCopy {
  readonly file: string;
  readonly name: string;
  readonly to: string;
}

/**
 * What is to be copied: the newest backup to each place that does not have it, and older ones whose copy failed.
 * A place added later does not get the backups from before.
 */
export const dueCopies = async ({
  backup: { dir, copies },
  env,
}: EnvironmentConfig): Promise<DueCopy[]> => {
  const backups = (await listBackups(dir)).filter((each) => each.env === env);
  const due: DueCopy[] = [];
  for (const [i, { file, name }] of backups.entries()) {
    const known = new Map((await readCopies(file)).map((copy) => [copy.to, copy.state]));
    for (const to of copies) {
      const state = known.get(to);
      if (state === 'failed' || (state === undefined && i === 0)) due.push({ file, name, to });
    }
  }
  return due;
};

/** Every place that a backup is to be at, whatever is known of it there. */
export const copiesOf = ({ backup }: EnvironmentConfig, file: string): DueCopy[] =>
  backup.copies.map((to) => ({ file, name: basename(file), to }));

/**
 * Makes copies, by default those that are due. A copy that fails is warned of and recorded beside its zip, and tried again
 * after the next backup; the backup stands.
 */
export const copyElsewhere = async (
  context: CommandContext,
  config: EnvironmentConfig,
  due?: readonly DueCopy[],
): Promise<CopyRecord[]> => {
  const rclone = runRclone(config.root, config.commands.withheld);
  const made: CopyRecord[] = [];
  for (const { file, name, to } of due ?? (await dueCopies(config))) {
    const at = () => new Date(context.clock.now()).toISOString();
    let record: CopyRecord;
    try {
      const copied = await copyBackup(file, to, { rclone, signal: context.signal });
      record = { to, at: at(), ...copied, state: 'verified' };
      context.output.line(`copied to ${to}, read back and hashed: ${name}`);
    } catch (error) {
      context.signal.throwIfAborted();
      const problem = messageOf(error);
      record = { to, at: at(), sha256: null, bytes: null, state: 'failed', problem };
      context.output.warn(
        `${name} has no copy at ${to}: ${problem}. The backup stands; the copy is tried again after the next one, or now: backup --copy ${file}`,
      );
    }
    await recordCopy(file, record);
    made.push(record);
  }
  return made;
};
