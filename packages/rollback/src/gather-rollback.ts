import {
  canPutBack,
  type DataSource,
  type Manifest,
  type Obstacle,
  type Progress,
  readProof,
  verifyBackup,
} from '@dhash/backup-core';
import { messageOf } from '@dhash/basics/message-of';
import { RollbackError } from './errors.ts';
import { refuseObstacles } from './obstacles.ts';
import type { Service } from './ports.ts';

/** What a plan is made from: plain data, read without touching the service or its data. */
export type RollbackFacts = {
  readonly service: string;
  readonly env: string;
  readonly activeRelease: string | null;
  /** The data as configured. */
  readonly sources: readonly DataSource[];
  /** `null`: only the release goes back, see `planReleaseRollback`. */
  readonly backup: BackupFacts | null;
  /** What would not come back as it was, of what can be put back; none where nobody asked. */
  readonly obstacles?: readonly Obstacle[];
};

/** What is known of a verified backup. */
export type BackupFacts = {
  readonly file: string;
  /** SHA-256 of the zip, lower-case hex. */
  readonly sha256: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** The release that was active when it was taken. */
  readonly release: string | null;
  readonly tag: string | null;
  readonly files: number;
  readonly bytes: number;
  readonly migrations: readonly string[];
  /** The drill that restored this very file once; `null`: none is on record. */
  readonly proven: ProvenFacts | null;
};

/** What a drill of a backup showed. */
export type ProvenFacts = {
  /** When it ended, ISO 8601, UTC. */
  readonly at: string;
  /** The release that was started on the restored data; `null`: none was. */
  readonly started: string | null;
  /** The measured recovery time, ms. */
  readonly totalMs: number;
};

export type GatherOptions = {
  /** The zip. */
  readonly backup: string;
  readonly service: string;
  readonly env: string;
  readonly sources: readonly DataSource[];
  /** Only asked which release is active. */
  readonly targetService: Pick<Service, 'active'>;
  /** `keep`: only the release goes back, so whether the data could be put back is not asked. Default: `restore`. */
  readonly data?: 'restore' | 'keep';
  /** Why the release that would run can't read the backup's data; `null` where it can. */
  readonly canRead?: (manifest: Manifest) => string | null | Promise<string | null>;
  readonly signal?: AbortSignal;
  /** Called as the backup is verified. */
  readonly onProgress?: (progress: Progress) => void;
};

/**
 * Verifies a backup whole (sidecar, every CRC, every SHA-256), that it belongs here, and that its data could be put back
 * where it is live, by asking the code that does it. Read-only, but for what is tried in a scratch place and taken away:
 * whatever is in the way is found before anything stops.
 *
 * @throws RollbackError `backup-refused`, `wrong-service`, `wrong-environment`,
 * `other-sources`, `unreadable-data`: exit 8; `cannot-put-back`.
 */
export const gatherRollback = async (
  options: GatherOptions,
): Promise<RollbackFacts & { readonly backup: BackupFacts }> => {
  const { backup, service, env, sources } = options;
  const verified = await verify(options);
  const { manifest } = verified;
  for (const rule of rules) {
    const refusal = rule(manifest, options);
    if (refusal !== null) throw refusal;
  }
  const unreadable = (await options.canRead?.(manifest)) ?? null;
  if (unreadable !== null)
    throw new RollbackError(
      'unreadable-data',
      `${backup} can't be restored: ${unreadable}. Nothing was stopped`,
      { backup },
    );
  const obstacles = options.data === 'keep' ? [] : await requirePlace(options);
  return {
    service,
    env,
    activeRelease: await options.targetService.active(),
    sources,
    obstacles,
    backup: {
      file: backup,
      sha256: verified.sha256,
      createdAt: manifest.createdAt,
      release: manifest.release,
      tag: manifest.tag,
      files: verified.entries,
      bytes: manifest.totalBytes,
      migrations: manifest.migrations,
      proven: await provenBy(backup, verified.sha256),
    },
  };
};

/** @throws RollbackError `cannot-put-back`, with all that is in the way */
const requirePlace = async ({ backup, sources, signal }: GatherOptions): Promise<Obstacle[]> => {
  const obstacles = await canPutBack(sources, { backup, signal });
  refuseObstacles(obstacles, 'Nothing was stopped');
  // That a glob matches nothing is no matter of this backup.
  return obstacles.filter(({ kind }) => kind !== 'filters');
};

const provenBy = async (backup: string, sha256: string): Promise<ProvenFacts | null> => {
  const proof = await readProof(backup, sha256);
  return proof === null ? null : { at: proof.at, started: proof.started, totalMs: proof.totalMs };
};

const verify = async ({ backup, signal, onProgress }: GatherOptions) => {
  try {
    return await verifyBackup(backup, { signal, onProgress });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new RollbackError(
      'backup-refused',
      `${backup} does not verify: ${messageOf(cause)}. Nothing was stopped; choose another backup`,
      { backup },
      { cause },
    );
  }
};

type Rule = (manifest: Manifest, options: GatherOptions) => RollbackError | null;

const sourceNames = (sources: readonly { name: string; type: string }[]): string =>
  sources
    .map(({ name, type }) => `${name} (${type})`)
    .sort()
    .join(', ') || 'none';

const rules: readonly Rule[] = [
  (manifest, { service, backup }) =>
    manifest.service === service
      ? null
      : new RollbackError(
          'wrong-service',
          `${backup} is a backup of the service "${manifest.service}", not of "${service}"; nothing was stopped`,
          { backup, expected: service, got: manifest.service },
        ),
  (manifest, { env, backup }) =>
    manifest.env === env
      ? null
      : new RollbackError(
          'wrong-environment',
          `${backup} is a backup of the environment "${manifest.env}", not of "${env}"; nothing was stopped`,
          { backup, expected: env, got: manifest.env },
        ),
  (manifest, { sources, backup }) => {
    const [expected, got] = [sourceNames(sources), sourceNames(manifest.sources)];
    return expected === got
      ? null
      : new RollbackError(
          'other-sources',
          `${backup} holds other data than is configured: expected ${expected}, got ${got}; nothing was stopped`,
          { backup, expected, got },
        );
  },
];
