import type { Receipt } from '@dhash/notifier';
import { type ExitCode, exitCodes } from '../../errors.ts';
import { visible } from '../../words/visible.ts';

/** `ops-mail accepted 212 ms`, `ops-teams dead: 404: …`: what a channel has, in a line. */
export const receiptLine = ({ channel, status, ms, reason, receipt }: Receipt): string => {
  // Not a channel: where a message lies that no channel was on for.
  if (channel === 'file' && receipt !== undefined)
    return visible(`no channel is on: kept in ${receipt}`);
  const took = status === 'delivered' || status === 'accepted' ? ` ${Math.round(ms)} ms` : '';
  return visible(`${channel} ${status}${took}${reason === undefined ? '' : `: ${reason}`}`);
};

/** The gravest of the receipts decides: given up, then only spooled, then done. */
export const exitOfReceipts = (receipts: readonly Receipt[]): ExitCode => {
  if (receipts.some(({ status }) => status === 'dead' || status === 'lost'))
    return exitCodes.failed;
  return receipts.some(({ status }) => status === 'spooled')
    ? exitCodes.inconclusive
    : exitCodes.done;
};
