import type { WatchNotice } from '../watch/watch-event.ts';
import { formatDuration, plain } from './format.ts';

/** A notice in words, one line. */
export const noticeText = (notice: WatchNotice): string => {
  switch (notice.type) {
    case 'clock.stepped': {
      const by = formatDuration(Math.abs(notice.stepMs));
      return `the clock of this machine was set ${notice.stepMs < 0 ? 'back' : 'forward'} by ${by}; the polls go on at their pace`;
    }
    case 'gate.blind':
      return `${plain(notice.gate)} is blind: ${plain(notice.sentence)}`;
    case 'certificate.ended':
      return `certificate ended: ${plain(notice.reason)}`;
  }
};
