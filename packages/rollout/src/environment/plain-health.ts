import { type HealthProbe, type HttpHealthOptions, httpHealth, type Source } from '@dhash/monitor';
import { messageOf } from '../errors.ts';
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

/** The same for what it says of its metrics: why a page did not read quotes it. */
export const plainSource = (source: Source): Source => ({
  read: async (signal) => {
    try {
      return await source.read(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Error(visibleLine(messageOf(error)), { cause: error });
    }
  },
});
