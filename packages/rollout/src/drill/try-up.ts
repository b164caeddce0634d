import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSameDatabase } from '@dhash/backup-core';
import type { Command, EnvironmentConfig } from '../config/types.ts';
import type { CommandContext } from '../environment/context.ts';
import { drillEnvironment, type RestoredAt } from './drill-environment.ts';
import type { Isolation } from './isolation.ts';
import { openRoom } from './room.ts';
import { type Phase, ranOrThrow, releaseFolder } from './started-service.ts';

export interface TryUp {
  readonly config: EnvironmentConfig;
  /** The release whose migrations are tried. */
  readonly release: string;
  readonly id: string;
  readonly scratch: string;
  readonly restored: readonly RestoredAt[];
  readonly isolation: Isolation;
}

/**
 * Why somebody else's tool is not let loose here: it must not be able to reach the live data, and must find the copy.
 * `null`: it may. Pure.
 */
export const whyNotTried = (
  { data, backup }: Pick<EnvironmentConfig, 'data' | 'backup'>,
  isolation: Isolation,
  processEnv: NodeJS.ProcessEnv,
): string | null => {
  const values = backup.drill.env.flatMap((name) => processEnv[name] ?? []);
  for (const source of data) {
    const { name, type } = source;
    if (type === 'postgres' && !values.some((value) => isSameDatabase(value, source.url)))
      return `no variable of drill.env holds the address of "${name}", so that up would look for the live one`;
    if (type === 'command' || type === 'external')
      return `the dump of "${name}" is loaded nowhere in a drill`;
    if (type !== 'postgres' && isolation.kind === 'none')
      return `nothing would keep up from the live "${name}": ${isolation.why}`;
  }
  return null;
};

/**
 * Runs `migrations.status`, `up` and `status` of a release on the restored copy, in a room of their own: the addresses
 * of the databases that `drill.env` lets in are those of the copies.
 *
 * @throws RolloutError `drill-failed`
 */
export const tryUp = async (context: CommandContext, tried: TryUp, phase: Phase): Promise<void> => {
  const { config, release, id, scratch, restored, isolation } = tried;
  const { migrations } = config;
  if (migrations?.type !== 'commands') return;
  const why = whyNotTried(config, isolation, context.processEnv);
  if (why !== null) {
    context.output.line(`    migrations.up was not tried on the copy: ${why}`);
    return;
  }
  const env = drillEnvironment(
    {
      env: config.env,
      url: config.url,
      id,
      release,
      scratch,
      restored,
      allowed: config.backup.drill.env,
    },
    context.processEnv,
  );
  const logs = join(scratch, 'migrate-logs');
  for (const folder of [logs, join(scratch, 'home'), join(scratch, 'tmp')])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const cwd = await releaseFolder({ config, release, scratch });
  const room = await openRoom({ isolation, env, id, logs, signal: context.signal });
  try {
    const { timeoutMs } = migrations;
    const run = (which: string, command: Command) =>
      ranOrThrow(room, `migrations.${which} of release ${release} on the restored data`, {
        command,
        cwd,
        timeoutMs,
      });
    await phase('migrate', async () => {
      await run('status', migrations.status);
      await run('up', migrations.up);
      await run('status', migrations.status);
      return `up of release ${release} ran on the copy, and status after it`;
    });
  } finally {
    await room.close();
  }
};
