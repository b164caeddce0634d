/** What a command of rollout.yaml is told about the run that it works for. */
export interface CommandRun {
  readonly runId: string;
  /** `null`: none is known; the variable is then empty. */
  readonly version: string | null;
  readonly previous: string | null;
}

/** Variables that every command of rollout.yaml gets. */
export const commandVariables = (
  config: { readonly env: string; readonly url: string },
  run: CommandRun,
): Record<string, string> => ({
  ROLLOUT_ENV: config.env,
  ROLLOUT_RUN: run.runId,
  ROLLOUT_VERSION: run.version ?? '',
  ROLLOUT_PREVIOUS: run.previous ?? '',
  ROLLOUT_URL: config.url,
});
