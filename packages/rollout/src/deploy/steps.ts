import { rm } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { describeShrink } from '@dhash/backup-core';
import type { Step } from '@dhash/journal';
import type { Removed } from '../backup/retention/retention.ts';
import { takeBackup } from '../backup/take-backup.ts';
import { drillBackup, prepareDrill } from '../drill/drill-backup.ts';
import type { OpenRun } from '../environment/open-run.ts';
import { runSmoke, waitUntilHealthy } from '../environment/service-checks.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { allOf, type DeployStep } from '../record/events.ts';
import { asJson } from '../record/recorder.ts';
import { setAside } from '../rollback/set-aside.ts';
import { requireActive } from '../targets/require-active.ts';
import type { Target } from '../targets/target.ts';
import { migrateBack, migrateUp } from './migration-work.ts';
import { lookAfterStart, lookBeforeStart } from './seen-data.ts';

export interface DeployRun {
  readonly runId: string;
  readonly version: string;
  readonly previous: string | null;
  /** Declared data that did not exist before a first deploy, which its undo may therefore remove. */
  readonly newData: readonly string[];
  /** Names of the migrations that were pending. */
  readonly migrations: readonly string[];
}

/** What the steps work with. */
export type StepDeps = {
  readonly open: OpenRun;
  readonly target: Target;
  readonly run: DeployRun;
  /** True where an earlier process began these steps and died. */
  readonly isResumed: boolean;
};

/** A start that may already have been made is not made twice: two of a service would fight for its port. */
const startOnce = async ({ target, isResumed }: StepDeps): Promise<void> => {
  if (isResumed) await target.stop();
  await target.start();
};

const backupStep = (
  name: DeployStep,
  release: string | null,
  tag: string,
  deps: StepDeps,
): Step => ({
  name,
  run: async ({ signal }) => {
    const { context, environment } = deps.open;
    const { config } = environment;
    // While the service is stopped a first Ctrl-C ends nothing: the step's signal knows that, the command's does not.
    const report = await takeBackup({ ...context, signal }, { config, release, tag });
    return {
      file: relative(config.root, report.file),
      sha256: report.sha256,
      bytes: report.bytes,
      entries: report.entries,
      release,
      ...(report.shrunken.length === 0 ? {} : { shrunken: report.shrunken.map(describeShrink) }),
      ...(isEmpty(report.removed) ? {} : { removed: asJson(report.removed) }),
    };
  },
});

const isEmpty = ({ backups, aged }: Removed): boolean => backups.length + aged.length === 0;

/** A step that failed because the service did not do what it should; the message says what it did. */
const stepFailed = (code: string, message: string, hints: readonly string[] = []) =>
  new RolloutError(code, exitCodes.failed, message, { hints });

/** Restores the backup of an earlier step once, for real, while a release serves. */
const drillStep = (
  name: DeployStep,
  of: DeployStep,
  { open: { context, environment, recorder }, run }: StepDeps,
): Step => ({
  name,
  run: async ({ signal }) => {
    const { config } = environment;
    const backup = allOf(recorder.events, 'step.done').findLast(({ step }) => step === of);
    const { file } = (backup?.data ?? {}) as { file?: unknown };
    if (typeof file !== 'string')
      throw new TypeError('the record names no backup that could be drilled');
    const { facts } = await prepareDrill(config, run.previous);
    const request = {
      ...{ config, facts },
      file: resolve(config.root, file),
      // Before the stop: afterwards the data is migrated already.
      ...(of === 'backup' ? { over: run.version } : {}),
    };
    const { proof, wayBack } = await drillBackup({ ...context, signal }, request);
    const { at, started, totalMs, phases } = proof;
    return asJson({ file, at, started, totalMs, phases, ...(wayBack === null ? {} : { wayBack }) });
  },
});

const stepMakers: Record<DeployStep, (deps: StepDeps) => Step> = {
  backup: (deps) => backupStep('backup', deps.run.previous, 'predeploy', deps),
  // Nothing has changed yet.
  drill: (deps) => drillStep('drill', 'backup', deps),
  'backup-stopped': (deps) =>
    backupStep(
      'backup-stopped',
      deps.run.previous,
      deps.run.migrations.length > 0 ? 'premigrate' : 'stopped',
      deps,
    ),
  'drill-stopped': (deps) => drillStep('drill-stopped', 'backup-stopped', deps),
  'backup-after': (deps) => backupStep('backup-after', deps.run.version, 'first', deps),
  init: ({ target, run }) => ({
    name: 'init',
    run: () => target.init(run.version),
    undo: async () => {
      for (const path of run.newData)
        for (const part of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`])
          await rm(part, { recursive: true, force: true });
    },
  }),
  lay: ({ target, run }) => ({
    name: 'lay',
    run: () => target.lay(run.version),
    undo: (done) => target.unlay(done),
  }),
  stop: (deps) => ({
    name: 'stop',
    run: () => deps.target.stop(),
    undo: () => deps.target.startAgain(),
  }),
  migrate: ({ open, run }) => ({
    name: 'migrate',
    run: () => migrateUp(open, run),
    undo: () => migrateBack(open, run),
  }),
  activate: ({ target, run }) => ({
    name: 'activate',
    run: () => target.activate(run.version),
    undo: () => (run.previous === null ? target.deactivate() : target.activate(run.previous)),
  }),
  start: (deps) => ({
    name: 'start',
    run: async () => {
      // A switch that a crash lost would start the old release under the name of the new.
      await requireActive(deps.target, deps.run.version, 'started');
      await lookBeforeStart(deps.open);
      await startOnce(deps);
    },
    undo: async () => {
      await deps.target.stop();
      await setAside(deps.open, { release: deps.run.version });
    },
  }),
  health: ({ open, run, target }) => ({
    name: 'health',
    run: async ({ signal }) => {
      const { context, environment } = open;
      const outcome = await waitUntilHealthy(
        environment.health(run.version),
        context.clock,
        signal,
      );
      if (!outcome.ok)
        throw stepFailed(
          'not-healthy',
          `${run.version} at ${environment.config.url} is ${outcome.reason}`,
        );
      await requireActive(target, run.version, 'healthy');
      await lookAfterStart(open);
      return asJson(outcome);
    },
  }),
  smoke: ({ open: { context, environment }, run }) => ({
    name: 'smoke',
    run: async ({ signal }) => {
      const outcome = await runSmoke(environment.config, run, {
        signal,
        onOutput: (text) => context.output.detail(text.trimEnd()),
      });
      if (outcome !== null && !outcome.ok)
        throw stepFailed(
          'smoke-failed',
          `the smoke tests failed (exit ${outcome.exit}):\n${outcome.output.trimEnd()}`,
        );
      return outcome === null ? null : { exit: outcome.exit };
    },
  }),
};

/** The planned steps, ready for `runSteps`. */
export const deploySteps = (names: readonly DeployStep[], deps: StepDeps): Step[] =>
  names.map((name) => stepMakers[name](deps));
