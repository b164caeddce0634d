import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { HealthProbe, Probes } from '@dhash/monitor';
import type { CommandContext } from '../../src/environment/context.ts';
import { type Environment, openEnvironment } from '../../src/environment/environment.ts';
import type { Target } from '../../src/targets/target.ts';

/** The release that breaks a gate. */
export const badRelease = '1.2';

/** A service without a process: a file says what runs, as its start and stop leave it. */
export interface StandInService {
  /** The release that answers; `null`: it is down. */
  runs(): string | null;
  start(release: string): void;
  stop(): void;
}

export const standInService = (root: string): StandInService => {
  const file = join(root, 'running');
  return {
    runs: () => (existsSync(file) ? readFileSync(file, 'utf8') : null),
    start: (release) => {
      // A release writes as soon as it runs: an undo has something to set aside.
      writeFileSync(join(root, 'data', 'files', `${release}.txt`), `written by ${release}`);
      writeFileSync(file, release);
    },
    stop: () => rmSync(file, { force: true }),
  };
};

const health = (service: StandInService, version: string | null): HealthProbe => ({
  check: async (signal) => {
    signal.throwIfAborted();
    const answers = service.runs();
    if (answers === null) return { ok: false, reason: 'connection refused' };
    return version === null || answers === version
      ? { ok: true }
      : { ok: false, reason: `wrong version: ${answers}` };
  },
});

const probes = (service: StandInService, version: string | null): Probes => ({
  health: health(service, version),
  source: {
    read: async () => ({ metrics: { failures: service.runs() === badRelease ? 100 : 0 } }),
  },
});

/** Makes the data, once, as the service's own command would. */
const makeData = async (root: string): Promise<void> => {
  await mkdir(join(root, 'data', 'files'), { recursive: true });
  await writeFile(join(root, 'data', 'files', 'made.txt'), 'made');
  const db = new DatabaseSync(join(root, 'data', 'notes.db'));
  db.exec('CREATE TABLE IF NOT EXISTS made (at TEXT)');
  db.close();
};

/** Makes the next call of that name fail, once. */
export const failNext = (root: string, call: 'activate' | 'start'): void =>
  writeFileSync(join(root, 'fails'), call);

const orFail = (root: string, call: string): void => {
  const file = join(root, 'fails');
  if (!existsSync(file) || readFileSync(file, 'utf8') !== call) return;
  rmSync(file);
  throw new Error(`${call} fails, as the test asked for`);
};

/** The real target of releases; only what would be commands is done here. */
const standInTarget = (real: Target, root: string, service: StandInService): Target => {
  const start = async () => {
    orFail(root, 'start');
    const release = await real.current();
    if (release === null) throw new Error('no release is active');
    service.start(release);
  };
  return {
    ...real,
    init: () => makeData(root),
    activate: async (version) => {
      orFail(root, 'activate');
      await real.activate(version);
    },
    start,
    startAgain: start,
    stop: async () => service.stop(),
  };
};

/** The environment as rollout.yaml says it, with the service stood in for. */
export const standInEnvironment = async (
  context: CommandContext,
  service: StandInService,
): Promise<Environment> => {
  const real = await openEnvironment(context, 'production');
  return {
    ...real,
    target: (run) => standInTarget(real.target(run), real.config.root, service),
    health: (version) => health(service, version),
    probes: ({ version }) => probes(service, version),
  };
};
