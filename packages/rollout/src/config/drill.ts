import type * as z from 'zod';
import { drillSchema } from './backup-schema.ts';
import { parseDuration } from './duration.ts';
import type { EnvironmentInput } from './schema.ts';
import type { DrillConfig, TargetDrill } from './types.ts';

/** `backup.drill` in full; nothing, `false` and `true` say only whether a deploy drills. */
export const drillOf = (
  written: boolean | z.input<typeof drillSchema> | undefined,
): DrillConfig => {
  const { timeout, ...drill } = drillSchema.parse(typeof written === 'object' ? written : {});
  const beforeDeploy = typeof written === 'object' ? drill.beforeDeploy : written === true;
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === null) throw new TypeError(`the schema let a duration through: ${timeout}`);
  return { ...drill, beforeDeploy, timeoutMs };
};

export const targetDrillOf = (written: EnvironmentInput['target']['drill']): TargetDrill | null =>
  written === undefined ? null : { start: written.start, stop: written.stop ?? null };
