import { messageOf } from '../errors.ts';
import type { Output } from '../words/output.ts';
import type { Environment } from './environment.ts';

/** How often the service's output is looked at while a watch runs, ms. */
const everyMs = 60_000;

/** Keeps the output of a service within its bounds while something else goes on, which it never stops. */
export const tendLogsMeanwhile = (
  environment: Pick<Environment, 'tendLogs'>,
  output: Pick<Output, 'warn'>,
): { end(): void } => {
  let told: string | null = null;
  const tend = () => {
    environment.tendLogs().catch((error: unknown) => {
      const problem = messageOf(error);
      if (problem !== told) output.warn(`the service's output is not kept in bounds: ${problem}`);
      told = problem;
    });
  };
  tend();
  const timer = setInterval(tend, everyMs);
  timer.unref();
  return { end: () => clearInterval(timer) };
};
