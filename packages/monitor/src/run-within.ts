import vm from 'node:vm';

/** One for all: a context costs about a millisecond, and what runs in it is our own. */
const context = vm.createContext({});
const script = new vm.Script('work()');

/** By its code alone: the error may come from another context, where `instanceof` fails. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * Runs something that does not wait, and ends it after `ms`, wherever it is: in a loop over what a service answered, or in
 * a regular expression with a repeat inside a repeat. All polls share one thread, and nothing else could end it.
 * @returns what it gave, or `null` where it was ended; what it had begun to change is then to be thrown away
 */
export const runWithin = <T>(ms: number, work: () => T): { readonly result: T } | null => {
  let result: { readonly result: T } | null = null;
  context['work'] = () => {
    result = { result: work() };
  };
  try {
    script.runInContext(context, { timeout: Math.max(1, Math.ceil(ms)) });
    return result;
  } catch (error) {
    if (isTimeout(error)) return null;
    throw error;
  } finally {
    context['work'] = undefined;
  }
};
