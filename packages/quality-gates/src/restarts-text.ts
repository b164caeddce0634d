import { duration } from './numbers.ts';

/** `the process was started anew 7 times in 20 s`. */
export const restartsText = ({
  restarts,
  withinMs,
}: {
  readonly restarts: number;
  readonly withinMs: number;
}): string => `the process was started anew ${restarts} times in ${duration(withinMs)}`;
