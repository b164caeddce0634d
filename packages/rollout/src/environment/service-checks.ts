import {
  healthyInARow,
  type HealthOutcome as Outcome,
  waitUntilHealthy as wait,
} from '@dhash/basics/wait-until-healthy';
import type { HealthProbe } from '@dhash/monitor';
import type { EnvironmentConfig } from '../config/types.ts';
import type { Clock } from '../process/clock.ts';
import { commandVariables } from '../process/command-variables.ts';
import { runCommand } from '../process/run-command.ts';
import { requireVariables } from '../targets/run-target-command.ts';
import { outputPlace } from '../targets/state-folder.ts';
import { visible } from '../words/visible.ts';

/** Longest that a service may take from its start to the last of its OK answers, ms. */
const startBudgetMs = 60_000;

export type HealthOutcome =
  | Extract<Outcome, { readonly ok: true }>
  | { readonly ok: false; readonly reason: string; readonly checks: number; readonly ms: number };

/** Asks until the service has answered OK `healthyInARow` times in a row, or the budget is spent. */
export const waitUntilHealthy = async (
  probe: HealthProbe,
  clock: Clock,
  signal: AbortSignal,
  budgetMs = startBudgetMs,
): Promise<HealthOutcome> => {
  const outcome = await wait({ check: (stop) => probe.check(stop), clock, signal, budgetMs });
  if (outcome.ok) return outcome;
  const { checks, ms, last } = outcome;
  const reason = `not healthy ${healthyInARow} times in a row within ${budgetMs / 1000} s: ${last}`;
  return { ok: false, reason, checks, ms };
};

/** Runs the smoke tests; `null` where rollout.yaml names none. */
export const runSmoke = async (
  config: EnvironmentConfig,
  run: { runId: string; version: string | null; previous: string | null },
  options: { signal: AbortSignal; onOutput?: (text: string) => void },
): Promise<{ ok: boolean; output: string; exit: number | null } | null> => {
  if (config.smoke === null) return null;
  requireVariables(config);
  const ended = await runCommand({
    command: config.smoke.command,
    cwd: config.root,
    env: { ...config.commands.given, ...commandVariables(config, run) },
    withheld: config.commands.withheld,
    log: outputPlace(config, 'smoke'),
    timeoutMs: config.smoke.timeoutMs,
    signal: options.signal,
    ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
  });
  return {
    ok: ended.exit === 0 && !ended.timedOut,
    output: visible(ended.output),
    exit: ended.exit,
  };
};
