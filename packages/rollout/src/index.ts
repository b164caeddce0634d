export { asProcess } from './cli/as-process.ts';
export { main } from './cli/main.ts';
export type { CommandIo } from './cli/run-command-line.ts';
export { ConfigError, type ConfigIssue, isConfigError } from './config/config-error.ts';
export { environmentConfig, loadConfig } from './config/load-config.ts';
export type { EnvironmentConfig } from './config/types.ts';
export {
  type DeployFacts,
  type DeployOptions,
  type DeployPlan,
  planDeploy,
} from './deploy/plan.ts';
export { type ExitCode, exitCodes, isRolloutError, RolloutError } from './errors.ts';
export type { Clock } from './process/clock.ts';
export type { DeployStep } from './record/events.ts';
export { foldRun, type RunState, type RunStatus } from './record/run-state.ts';
// Withheld: the recorder, the steps and the targets; they act, and the command line is their contract.
