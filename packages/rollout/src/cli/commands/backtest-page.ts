import { resolve } from 'node:path';
import { atomicWriteFile } from '@dhash/journal';
import { type BacktestInput, type BacktestSeries, renderBacktest } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import type { OnPoll } from '@dhash/quality-gates/tune';
import type { CommandContext } from '../../environment/context.ts';

/** Keeps each gate's value at every poll it is told of. */
export const collectSeries = (
  policy: WatchPolicy,
): { readonly onPoll: OnPoll; readonly series: readonly BacktestSeries[] } => {
  const series = Object.keys(policy.gates).map((gate) => ({
    gate,
    at: [] as number[],
    values: [] as (number | null)[],
  }));
  return {
    series,
    onPoll: ({ at, gates }) => {
      for (const one of series) {
        // The poll that ends a watch begins the next one.
        if (at <= (one.at.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
        one.at.push(at);
        one.values.push(gates[one.gate]?.value ?? null);
      }
    },
  };
};

/** Writes the page, whole or not at all; returns where it is. */
export const writeBacktestPage = async (
  context: CommandContext,
  given: string,
  input: BacktestInput,
): Promise<string> => {
  const file = resolve(context.cwd, given);
  await atomicWriteFile(file, renderBacktest(input), { mode: 0o600 });
  context.output.line(`as a page: ${given}`);
  return file;
};
