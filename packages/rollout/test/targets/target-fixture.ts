import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvironmentConfig, TargetConfig } from '../../src/config/types.ts';
import type { TargetRun } from '../../src/targets/types.ts';

/** Limits that no test waits for. */
export const limits = { startTimeoutMs: 60_000, stopTimeoutMs: 10_000, stopCheck: 'all' } as const;

/** A target of commands that do nothing, but for `over`. */
export const commandTarget = (over: Partial<TargetConfig>): TargetConfig =>
  ({
    type: 'command',
    ...limits,
    current: 'echo 1.0',
    activate: 'true',
    start: 'true',
    stop: 'true',
    init: null,
    version: null,
    drill: null,
    ...over,
  }) as TargetConfig;

/** An environment of which only the target matters. */
export const environment = (root: string, target: TargetConfig): EnvironmentConfig => ({
  root,
  service: 'demo',
  env: 'test',
  url: 'http://127.0.0.1:1',
  state: null,
  gatesFile: join(root, 'gates.json'),
  health: { path: '/health', timeoutMs: 1000, expect: {}, version: null, process: null, tls: null },
  metrics: [],
  targets: null,
  data: [],
  backup: {
    dir: join(root, 'backups'),
    keep: {},
    bounds: { maxBytes: null, minFree: null },
    copies: [],
    maxShrink: 0.5,
    drill: { beforeDeploy: false, env: [], network: 'none', timeoutMs: 300_000 },
  },
  keepFor: { safety: null, incomplete: null, incidents: null, monitorLogs: null, messages: null },
  target,
  commands: { given: {}, withheld: [], problem: null },
  migrations: null,
  smoke: null,
  rollback: { data: 'keep' },
  notify: [],
  heartbeat: null,
  links: {},
  requireChannels: 0,
  requireSignoff: null,
  channels: [],
  secrets: [],
});

let ticks = 0;

export const run = (over: Partial<TargetRun> = {}): TargetRun => ({
  runId: 'r1',
  version: null,
  previous: null,
  // Each look is later than the one before: order by age is then order of laying.
  clock: { now: () => ++ticks, sleep: async () => undefined },
  ...over,
});

export const makeFolderArtifact = async (root: string, version: string, content = version) => {
  const folder = join(root, 'dist', version);
  await mkdir(join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'bin', 'app'), content, { mode: 0o755 });
};
