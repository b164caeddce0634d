import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackup, type DataSource } from '@dhash/backup-core';
import { tool } from '../../src/tool.ts';
import { sha256Of, startMs, type World } from './world.ts';

/** How long a watch takes, ms, and how often it looks. */
export const watchMs = 30_000;
export const pollMs = 3_000;

const gates = {
  environments: {
    production: {
      duration: `${watchMs}ms`,
      autoRollback: true,
      pollCadence: { initial: `${pollMs}ms`, normal: `${pollMs}ms`, initialPeriod: `${watchMs}ms` },
      arming: { polls: 2, every: '1s' },
      qualityGates: {
        healthFailures: { threshold: 2 },
        noteFailures: {
          kind: 'ratio',
          bad: 'notes_failed_total',
          total: 'notes_total',
          threshold: 5,
          unit: 'percent',
          timeWindow: '15s',
        },
      },
    },
  },
};

const config = ({ data, checksVersion }: Settings) => `service: notes
gates: gates.json
environments:
  production:
    url: http://service.invalid
    health: { path: /health, timeout: 2s${checksVersion ? ', version: version' : ''} }
    metrics: { type: prometheus, path: /metrics }
    data: [{ name: files, type: files, path: data/files }]
    target: { type: command, current: "true", activate: "true", init: "true", start: "true", stop: "true" }
    rollback: { data: ${data} }
`;

/** What of rollout.yaml a story decides. */
interface Settings {
  readonly data: 'restore' | 'keep';
  /** Whether an answer of another release counts as not OK. */
  readonly checksVersion: boolean;
}

/** Memory, where the machine lends it as a disk: a simulated disk need not be slower than that. */
const onMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export const newFolder = (): string => mkdtempSync(join(onMemory, 'simulation-'));

/** Backups from before the story: one of our own of the day before, and one of another service. */
export interface OldBackups {
  readonly own: string;
  /** Whole and of this service, to be put in the place of another. */
  readonly other: string;
  readonly foreign: string;
}

const dayMs = 24 * 60 * 60_000;

/** Made once; each seed gets a copy. */
export const makeOldBackups = async (folder: string): Promise<OldBackups> => {
  const live = join(folder, 'data', 'files');
  mkdirSync(live, { recursive: true });
  writeFileSync(join(live, 'first.txt'), 'as it was\n');
  const sources: DataSource[] = [{ name: 'files', type: 'files', path: live }];
  const take = async (service: string, dir: string) => {
    const { file } = await createBackup({
      dir: join(folder, dir),
      root: folder,
      service,
      env: 'production',
      release: '1.0',
      migrations: [],
      tag: 'nightly',
      sources,
      tool,
      now: () => startMs - dayMs,
      rescue: 'none',
    });
    return file.slice(folder.length + 1);
  };
  const own = await take('notes', 'backups');
  const foreign = await take('letters', 'elsewhere');
  writeFileSync(join(live, 'planted.txt'), 'nobody wrote this\n');
  return { own, foreign, other: join(folder, await take('notes', 'others')) };
};

/** Lays a project into the world's folder. */
export const layProject = (
  world: World,
  template: { readonly folder: string; readonly old: OldBackups },
  { isFirst, ...settings }: Settings & { readonly isFirst: boolean },
): void => {
  const { root } = world;
  writeFileSync(join(root, 'gates.json'), JSON.stringify(gates));
  writeFileSync(join(root, 'rollout.yaml'), config(settings));
  for (const dir of isFirst ? ['elsewhere'] : ['backups', 'elsewhere'])
    cpSync(join(template.folder, dir), join(root, dir), {
      recursive: true,
      preserveTimestamps: true,
    });
  world.flaws.set(sha256Of(join(root, template.old.foreign)), 'foreign');
};

/** Backups of this environment, the newest first. */
export const backupsOf = ({ root }: World): string[] => {
  const dir = join(root, 'backups');
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.zip'))
    .sort()
    .reverse()
    .map((name) => `backups/${name}`);
};

/** Somebody changes a backup behind its sidecar's back. */
export const tamperWith = (
  world: World,
  backup: string,
  how: { readonly kind: 'appended' } | { readonly kind: 'replaced'; readonly by: string },
): void => {
  const file = join(world.root, backup);
  if (how.kind === 'appended') appendFileSync(file, 'more');
  else copyFileSync(how.by, file);
  world.flaws.set(sha256Of(file), 'tampered');
};
