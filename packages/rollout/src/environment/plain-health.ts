import { type HealthProbe, type HttpHealthOptions, httpHealth } from '@dhash/monitor';
import { visibleLine } from '../words/visible.ts';

/**
 * Asks a service, and takes what it says as text: its version and reasons end in records, mails and on terminals,
 * where a control character or a line break would speak for us.
 */
export const plainHealth = (options: HttpHealthOptions): HealthProbe => {
  const probe = httpHealth(options);
  return {
    check: async (signal) => {
      const { reason, ...reading } = await probe.check(signal);
      return reason === undefined ? reading : { ...reading, reason: visibleLine(reason) };
    },
  };
};
