import { type SampleLog, STAND_DOWN } from '@dhash/monitor';
import { messageOf } from '../errors.ts';

/** A sample log that a full or failing disk does not end the watch with. */
export interface ImpairedLog extends SampleLog {
  /** Why samples are missing from it; `null`: none are. */
  impaired(): string | null;
}

/**
 * A log whose first failed append is told once; from then on nothing is written to it, since a line after a gap
 * would vouch for what is not there. The watch goes on: its gates still guard, but the log can't prove a promotion.
 */
export const impairedLog = (
  log: SampleLog,
  onImpaired: (error: string) => Promise<void>,
): ImpairedLog => {
  let impaired: string | null = null;
  return {
    ...log,
    append: async (sample) => {
      if (impaired !== null) return;
      try {
        await log.append(sample);
      } catch (error) {
        if (error === STAND_DOWN) throw error;
        impaired = messageOf(error);
        await onImpaired(impaired);
      }
    },
    impaired: () =>
      impaired === null ? null : `its samples could not all be written (${impaired})`,
  };
};
