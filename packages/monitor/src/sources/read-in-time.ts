import { MonitorError } from '../errors.ts';
import { runWithin } from '../run-within.ts';

/** An answer that came at the last moment still gets this, ms: a page of 50,000 series takes a tenth of it. */
const leastMs = 300;

/**
 * Makes readings of an answer in what is left of its time.
 * @throws MonitorError `timeout`; what `work` throws.
 */
export const readInTime = <T>(
  { timeoutMs, askedMs }: { readonly timeoutMs: number; readonly askedMs: number },
  work: () => T,
): T => {
  const leftMs = Math.max(leastMs, timeoutMs - (performance.now() - askedMs));
  const read = runWithin(leftMs, work);
  if (read !== null) return read.result;
  throw new MonitorError(
    'timeout',
    `metrics: the answer could not be read within ${timeoutMs} ms; it is made to be slow, or a gate's regular expression takes too long on its labels`,
    { timeoutMs },
  );
};
