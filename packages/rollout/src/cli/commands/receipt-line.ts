import type { Receipt } from '@dhash/notifier';

/** `ops-mail: accepted in 212 ms`: what a channel has, in a line. */
export const receiptLine = ({ channel, status, ms, reason }: Receipt): string => {
  const took = status === 'delivered' || status === 'accepted' ? ` in ${Math.round(ms)} ms` : '';
  return `${channel}: ${status}${took}${reason === undefined ? '' : ` (${reason})`}`;
};
