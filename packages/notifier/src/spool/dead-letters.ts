import { NotifierError } from '../errors.ts';
import type { Spool } from './spool.ts';

/** What a person does about messages that were given up. Without ids: about all of them. */
export interface DeadLetters {
  /** Removes them; returns how many. */
  clear(ids?: readonly string[]): Promise<number>;
  /** Puts them back into the spool, as new, in their old order; returns how many. */
  revive(ids?: readonly string[]): Promise<number>;
}

/** @throws NotifierError from both: `unknown-message`; nothing was changed then. */
export const openDeadLetters = (spool: Spool, now: () => number): DeadLetters => {
  const pick = async (ids: readonly string[] | undefined) => {
    const entries = await spool.dead.list();
    if (ids === undefined) return entries;
    const isNamed = ({ record, file }: (typeof entries)[number], id: string): boolean =>
      record?.message.id === id || file.endsWith(id);
    const unknown = ids.find((id) => !entries.some((entry) => isNamed(entry, id)));
    if (unknown !== undefined)
      throw new NotifierError('unknown-message', `no message "${unknown}" in dead/`);
    return entries.filter((entry) => ids.some((id) => isNamed(entry, id)));
  };
  return {
    clear: async (ids) => {
      const entries = await pick(ids);
      for (const entry of entries) await spool.dead.remove(entry);
      return entries.length;
    },
    revive: async (ids) => {
      let revived = 0;
      for (const entry of await pick(ids)) {
        if (entry.record === null) continue;
        const { dead: _dead, ...record } = entry.record;
        const claim = await spool.add({ ...record, notBefore: null, retryAt: now() });
        if (claim !== null) await spool.giveBack(claim);
        await spool.dead.remove(entry);
        revived++;
      }
      return revived;
    },
  };
};
