import { existsSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { httpHealth } from '@dhash/monitor';
import type { Command, EnvironmentConfig } from '../config/types.ts';
import type { CommandContext } from '../environment/context.ts';
import { waitUntilHealthy } from '../environment/service-checks.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { shownCommand } from '../process/run-command.ts';
import { artifactOf } from '../targets/artifacts.ts';
import { drillEnvironment, type RestoredAt } from './drill-environment.ts';
import { laidRelease } from './gather-drill.ts';
import type { Isolation } from './isolation.ts';
import { openRoom, type Room } from './room.ts';

/** Longest that a stop command may take, ms; what it leaves is killed anyway. */
const stopMs = 30_000;
/** Most of a command's output that an error repeats, in characters. */
const shownOutput = 2_000;

export interface ServiceDrill {
  readonly config: EnvironmentConfig;
  readonly release: string;
  readonly start: Command;
  readonly stop: Command | null;
  readonly isolation: Isolation;
  readonly id: string;
  readonly scratch: string;
  readonly restored: readonly RestoredAt[];
  /** False: it is only seen to start and to be well. Default: true. */
  readonly withSmoke?: boolean;
}

/** Runs one phase: shows it, times it, and notes what it found. */
export type Phase = (name: string, work: () => Promise<string>) => Promise<void>;

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });

/** The service's address, but on loopback and on a port of its own. */
const addressOf = async (url: string): Promise<string> => {
  const address = new URL(url);
  address.protocol = 'http:';
  address.hostname = '127.0.0.1';
  address.port = String(await freePort());
  return address.href.replace(/\/$/, '');
};

/** Where the release's commands run: where it is laid, else in a copy unpacked for the drill. */
export const releaseFolder = async ({
  config,
  release,
  scratch,
}: Pick<ServiceDrill, 'config' | 'release' | 'scratch'>): Promise<string> => {
  if (config.target.type === 'command') return config.root;
  const laid = laidRelease(config, release);
  if (laid !== null) return laid;
  const artifact = await artifactOf(config.target.artifact, release);
  if (artifact === null)
    throw new RolloutError('drill-no-release', exitCodes.usage, `there is no release ${release}`);
  const folder = join(scratch, 'releases', release);
  if (!existsSync(folder)) {
    await mkdir(dirname(folder), { recursive: true, mode: 0o700 });
    const { unpackArtifact } = await import('../targets/unpack-artifact.ts');
    await unpackArtifact(artifact, folder);
  }
  return folder;
};

const didNotHold = (what: string): RolloutError =>
  new RolloutError('drill-failed', exitCodes.failed, `the drill did not hold: ${what}`);

/** @throws RolloutError `drill-failed`, with what the command said */
export const ranOrThrow = async (
  room: Room,
  what: string,
  { command, cwd, timeoutMs }: { command: Command; cwd: string; timeoutMs: number },
): Promise<string> => {
  const ended = await room.run(command, cwd, timeoutMs);
  if (ended.exit === 0 && !ended.timedOut) return 'exit 0';
  const how =
    ended.notStarted ??
    (ended.timedOut
      ? `took longer than ${timeoutMs / 1000} s`
      : ended.exit === null
        ? `was ended by ${ended.signal}`
        : `ended with exit ${ended.exit}`);
  const said = ended.output.trim().slice(-shownOutput);
  throw didNotHold(
    `${what} (${shownCommand(command)}) ${how}${said === '' ? ' and printed nothing' : `:\n${said}`}`,
  );
};

/** Starts a release on restored data, in a room of its own; asks, tests and ends it. */
export const drillService = async (
  context: CommandContext,
  drill: ServiceDrill,
  phase: Phase,
): Promise<void> => {
  const { config, release, id, scratch, restored, isolation } = drill;
  const { signal } = context;
  const { drill: settings } = config.backup;
  const url = await addressOf(config.url);
  const env = drillEnvironment(
    { env: config.env, url, id, release, scratch, restored, allowed: settings.env },
    context.processEnv,
  );
  // A drill may open several rooms, each with its own.
  const logs = await mkdtemp(join(scratch, 'logs-'));
  for (const folder of [join(scratch, 'home'), join(scratch, 'tmp')])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const cwd = await releaseFolder(drill);
  const room = await openRoom({ isolation, env, id, logs, signal });
  try {
    const { timeoutMs } = settings;
    await phase('start', () =>
      ranOrThrow(room, `release ${release} did not start on the restored data: start`, {
        command: drill.start,
        cwd,
        timeoutMs,
      }),
    );
    await phase('health', async () => {
      const { health } = config;
      const probe = httpHealth({
        url: new URL(health.path, url).href,
        timeoutMs: health.timeoutMs,
        expect: health.expect,
        fetch: room.fetch,
        ...(health.version === null
          ? {}
          : { version: { field: health.version, expected: release } }),
      });
      const outcome = await waitUntilHealthy(probe, context.clock, signal, timeoutMs);
      if (!outcome.ok)
        throw didNotHold(`release ${release} on the restored data is ${outcome.reason}`);
      return `OK 3 times in a row, in ${outcome.checks} checks`;
    });
    const { smoke } = config;
    if (smoke !== null && drill.withSmoke !== false)
      await phase('smoke', () =>
        ranOrThrow(room, 'the smoke tests on the restored data', {
          command: smoke.command,
          cwd: config.root,
          timeoutMs: smoke.timeoutMs,
        }),
      );
    const { stop } = drill;
    if (stop !== null)
      await phase('stop', () =>
        ranOrThrow(room, 'stop', { command: stop, cwd, timeoutMs: stopMs }),
      );
  } finally {
    await room.close();
  }
};
