import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  drillId,
  isBackupError,
  lookAtPostgres,
  type Manifest,
  type Proof,
  proveRestored,
  stageRestore,
  sweepDrillDatabases,
  type VerifiedBackup,
  verifyBackup,
  withdrawProof,
  withScratch,
  writeProof,
} from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';
import type { CommandContext } from '../environment/context.ts';
import { exitCodes, isRolloutError, messageOf, RolloutError } from '../errors.ts';
import { describeWayBack, type WayBackAnswer } from '../record/way-back.ts';
import { tool } from '../tool.ts';
import { showProgress } from '../words/progress.ts';
import { dataFolder } from './drill-environment.ts';
import { gatherDrill } from './gather-drill.ts';
import { type DrillFacts, type DrillPlan, planDrill, whyNotStarted } from './plan-drill.ts';
import { type ScratchData, scratchData } from './scratch-data.ts';
import { drillService, type Phase } from './started-service.ts';
import { drillSwap } from './swap-drill.ts';
import { tryUp } from './try-up.ts';
import { drillWayBack } from './way-back-drill.ts';

export interface DrillRequest {
  readonly config: EnvironmentConfig;
  /** The zip. Absolute. */
  readonly file: string;
  readonly facts: DrillFacts;
  /** Folder that the scratch folder is made in; without it, the one of the zip. Absolute. */
  readonly scratchIn?: string;
  /** A newer release: its migrations are tried on the restored copy, and whether the drilled one still runs on that. */
  readonly over?: string;
}

/** What a drill left. */
export interface Drilled {
  readonly proof: Proof;
  /** Null where nobody asked, or no service is started. */
  readonly wayBack: WayBackAnswer | null;
}

type Go = Extract<DrillPlan, { kind: 'go' }>;

/** The plan of a drill of a backup of `release`. @throws RolloutError (exit 2) where it may not be */
export const prepareDrill = async (
  config: EnvironmentConfig,
  release: string | null,
): Promise<{ facts: DrillFacts; plan: Go }> => {
  const facts = await gatherDrill(config, release);
  const plan = planDrill(facts);
  if (plan.kind === 'go') return { facts, plan };
  throw new RolloutError(plan.code, exitCodes.usage, plan.message, { hints: plan.hints });
};

/** Times each phase by a clock that no one sets, and shows it as it ends. */
const phasesOf = (context: CommandContext) => {
  const checks: Proof['checks'] = [];
  const phases: Proof['phases'] = [];
  const phase: Phase = async (name, work) => {
    const startedMs = performance.now();
    context.output.detail(`    … ${name}`);
    const result = await work();
    const ms = Math.round(performance.now() - startedMs);
    checks.push({ name, result });
    phases.push({ name, ms });
    context.output.line(`    ✓ ${name} (${(ms / 1000).toFixed(1)} s): ${result}`);
  };
  return { checks, phases, phase };
};

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

/**
 * Restores a backup once, for real: by the calls that a rollback makes, into a scratch folder; then starts the
 * stamped release on it. Leaves the proof beside the zip, and nothing else; where it does not hold, an earlier
 * proof is taken away.
 *
 * @throws BackupError where the backup does not verify or restore, RolloutError `drill-failed` (exit 1)
 */
export const drillBackup = async (
  context: CommandContext,
  request: DrillRequest,
): Promise<Drilled> => {
  const { file, config } = request;
  const { clock, signal } = context;
  // Where this fails, nothing was said of the backup.
  await sweepDrillDatabases(config.data, { now: clock.now(), signal });
  try {
    return await runDrill(context, request);
  } catch (error) {
    if (!speaksAgainst(error) || context.signal.aborted) throw error;
    const fault = await faultOfServer(config);
    if (fault !== null)
      context.output.warn(
        `this says nothing of the backup, whose proof stays if it has one: ${fault}`,
      );
    else if (await withdrawProof(file))
      context.output.warn(`the proof of an earlier drill of ${file} was taken away`);
    throw error;
  }
};

/** Faults that say nothing of the backup: this machine could not drill it. */
const ofThisMachine: readonly string[] = [
  'no-space',
  'write-failed',
  'unreadable',
  'server-lost',
  'bad-option',
  'swap-conflict',
];

const speaksAgainst = (error: unknown): boolean =>
  isBackupError(error)
    ? !ofThisMachine.includes(error.code)
    : isRolloutError(error) && error.code === 'drill-failed';

/** What is wrong with a database server now: a release that found none there fails by no fault of the backup. */
const faultOfServer = async ({ data }: EnvironmentConfig): Promise<string | null> => {
  for (const source of data) {
    if (source.type !== 'postgres') continue;
    const [fault] = await lookAtPostgres(source, { restores: true });
    if (fault !== undefined) return `${source.name}: ${fault}`;
  }
  return null;
};

/** A folder and databases for the restored data, which go whatever happens. */
const withScratchData = <T>(
  context: CommandContext,
  { config, file, scratchIn = dirname(file) }: DrillRequest,
  id: string,
  work: (scratch: string, data: ScratchData) => Promise<T>,
): Promise<T> =>
  withScratch({ dir: scratchIn, now: context.clock.now() }, async (scratch) => {
    const data = scratchData(config.data, dataFolder(scratch), id);
    try {
      return await work(scratch, data);
    } finally {
      await data.drop().catch((error: unknown) => {
        context.output.warn(
          `the scratch database ${data.databases.join(', ')} could not be dropped (${messageOf(error)}): drop it, or leave it to the next drill`,
        );
      });
    }
  });

/** The manifest of what is restored: a dump that is loaded nowhere has been compared with its SHA-256 already. */
const restoredOf = (manifest: Manifest, { notLoaded }: ScratchData): Manifest =>
  // As it is where it can be: a copy would make an object of each of its lines.
  notLoaded.length === 0
    ? manifest
    : {
        ...manifest,
        sources: manifest.sources.filter(({ name }) => !notLoaded.includes(name)),
      };

const runDrill = async (context: CommandContext, request: DrillRequest): Promise<Drilled> => {
  const { config, file, facts, over } = request;
  const { signal } = context;
  const id = drillId(context.clock.now());
  const { checks, phases, phase } = phasesOf(context);
  const progress = showProgress(context);
  const watched = { signal, onProgress: progress.show };
  let verified: Pick<VerifiedBackup, 'sha256' | 'manifest' | 'entries'> | undefined;
  return withScratchData(context, request, id, async (scratch, data) => {
    const startedMs = performance.now();
    for (const path of data.paths) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await phase('verify', async () => {
      verified = await verifyBackup(file, watched).finally(progress.end);
      return `${count(verified.entries, 'entry').replace(/entrys$/, 'entries')}, every CRC and SHA-256`;
    });
    if (verified === undefined) throw new TypeError('the verify phase left nothing');
    const { entries, sha256, manifest } = verified;
    await phase('restore', async () => {
      const staged = await stageRestore(file, { id, targets: data.targets, ...watched }).finally(
        progress.end,
      );
      await data.settle(staged.targets);
      const read = data.notLoaded.map(
        (name) => `; the dump of ${name} was read, and loaded nowhere`,
      );
      const files = entries - read.length;
      return `${count(files, 'file')} restored, databases pass their checks${read.join('')}`;
    });
    await phase('compare', async () => {
      const found = await proveRestored(restoredOf(manifest, data), data.sources, { signal });
      const tables = Object.values(found.tables).flatMap((rows) => Object.values(rows));
      const rows = tables.reduce((sum, each) => sum + each, 0);
      return `${count(found.files, 'file')} by SHA-256, ${count(rows, 'row')} in ${count(tables.length, 'table')} as in the manifest`;
    });
    const { start, release, isolation } = facts;
    const starts = whyNotStarted(facts) === null ? release : null;
    const stop = config.target.drill?.stop ?? null;
    const { restored } = data;
    const drill =
      start === null || starts === null
        ? null
        : { config, release: starts, start, stop, isolation, id, scratch, restored };
    if (drill !== null) await drillService(context, drill, phase);
    // What follows is no part of the time that a recovery takes.
    const totalMs = Math.round(performance.now() - startedMs);
    const swapped = restoredOf(manifest, data);
    if (data.sources.length > 0)
      await phase('swap', () =>
        drillSwap({
          ...{ file, manifest: swapped, sources: data.sources, id, signal },
          others: data.targets.filter(({ name }) => data.notLoaded.includes(name)),
        }),
      );
    if (over !== undefined)
      await tryUp(context, { config, release: over, id, scratch, restored, isolation }, phase);
    const wayBack =
      drill === null || over === undefined ? null : await drillWayBack(context, drill, over, phase);
    if (wayBack !== null) context.output.line(`    ${describeWayBack(wayBack)}`);
    const { contentRoot, service, env } = manifest;
    const proof: Proof = {
      format: 1,
      ...{ sha256, contentRoot, service, env },
      at: new Date(context.clock.now()).toISOString(),
      tool,
      started: starts,
      notLoaded: [...data.notLoaded],
      ...{ checks, phases },
      totalMs,
    };
    signal.throwIfAborted();
    await writeProof(file, proof);
    return { proof, wayBack };
  });
};
