import {
  canPutBack,
  createBackup,
  discardWork,
  liveSources,
  proveRestored,
  putAsideSources,
  readManifest,
  restoreTargets,
  stageRestore,
  swapBack,
  swapIn,
  verifyBackup,
} from '@dhash/backup-core';
import type { Step } from '@dhash/journal';
import { RollbackError } from './errors.ts';
import { healthBudgetMs, waitUntilHealthy } from './health.ts';
import { writeIncident } from './incident.ts';
import { refuseObstacles } from './obstacles.ts';
import type { RollbackStep } from './plan-rollback.ts';
import { asJson, type Results, type VerifiedFacts } from './results.ts';
import type { StepDeps } from './step-deps.ts';
import { workPlaces } from './work-places.ts';

/** The release to go to and from, as `verify` recorded it: a later process's plan saw another world. */
const verified = (results: Results): VerifiedFacts => {
  const facts = results.verified();
  if (facts === undefined) throw new TypeError('a step ran before verify was done');
  return facts;
};

/** The backup of a rollback that restores data; its steps are planned only where there is one. */
const backupOf = (results: Results): string => {
  const { backup } = verified(results);
  if (backup === null) throw new TypeError('a step of the data ran in a rollback without a backup');
  return backup;
};

const makers: Record<RollbackStep, (deps: StepDeps) => Step> = {
  verify: ({ options: { plan, onProgress }, id }) => ({
    name: 'verify',
    run: async ({ signal }) => {
      const { from, to } = plan.release;
      if (plan.facts.backup === null) return { id, backup: null, sha256: null, from, to };
      const { file, sha256 } = plan.facts.backup;
      const again = await verifyBackup(file, { signal, onProgress });
      if (again.sha256 !== sha256)
        throw new RollbackError(
          'backup-changed',
          `${file} is not the file that the plan was made for: expected SHA-256 ${sha256}, got ${again.sha256}`,
          { file, expected: sha256, got: again.sha256 },
        );
      return { id, backup: file, sha256, from, to };
    },
  }),
  stage: ({ options: { plan, onProgress }, results, id }) => {
    const { sources } = plan.facts;
    return {
      name: 'stage',
      run: async ({ signal }) => {
        const file = backupOf(results);
        const options = { id, targets: [...sources], signal, onProgress };
        const staged = await stageRestore(file, options);
        // Staging takes its time, and what came meanwhile would be found when the service is stopped.
        const obstacles = await canPutBack(sources, { depth: 'quick', signal });
        refuseObstacles(obstacles, 'The service was not stopped');
        return asJson(staged.targets);
      },
      // By name, since a staging that was killed left no targets on record.
      undo: () => discardWork(restoreTargets(sources, id), { sources }),
    };
  },
  stop: ({ options: { service } }) => ({
    name: 'stop',
    run: () => service.stop(),
    undo: () => service.start(),
  }),
  swap: ({ options: { service, plan }, results, isResumed }) => ({
    name: 'swap',
    run: async ({ signal }) => {
      // While the process was dead someone may have started the service again.
      if (isResumed) await service.stop();
      await swapIn(results.staged(), { sources: plan.facts.sources, signal });
    },
    undo: () => swapBack(results.staged(), { sources: plan.facts.sources }),
  }),
  activate: ({ options: { service }, results }) => ({
    name: 'activate',
    run: async () => {
      const { from, to } = verified(results);
      if (to !== null && to !== from) await service.activate(to);
      return { release: to };
    },
    undo: async () => {
      const { from, to } = verified(results);
      if (from !== null && to !== from) await service.activate(from);
    },
  }),
  prove: ({ options: { plan }, results }) => ({
    name: 'prove',
    run: async ({ signal }) => {
      const manifest = await readManifest(backupOf(results));
      const live = liveSources(results.staged(), plan.facts);
      return asJson(await proveRestored(manifest, live, { signal }));
    },
  }),
  start: ({ options: { service }, results }) => ({
    name: 'start',
    run: async () => {
      const { from, to } = verified(results);
      // A switch that a crash lost would start the bad release on the restored data.
      if (to !== null && to !== from && (await service.active()) !== to) await service.activate(to);
      await service.start();
    },
    undo: () => service.stop(),
  }),
  health: ({ options }) => ({
    name: 'health',
    run: ({ signal }) =>
      waitUntilHealthy(
        options.validation,
        options.clock,
        signal,
        options.healthBudgetMs ?? healthBudgetMs,
      ),
  }),
  smoke: ({ options: { validation } }) => ({
    name: 'smoke',
    run: async ({ signal }) => {
      const outcome = await validation.smoke(signal);
      signal.throwIfAborted();
      if (outcome === null) return null;
      if (!outcome.ok)
        throw new RollbackError(
          'smoke-failed',
          `the smoke tests failed:\n${outcome.output.trimEnd()}`,
        );
      return { output: outcome.output };
    },
  }),
  safety: ({ options, results }) => ({
    name: 'safety',
    run: async ({ signal }) => {
      const { plan, clock } = options;
      const configured = plan.facts.sources;
      const sources = await putAsideSources(results.staged(), { sources: configured, signal });
      if (sources.length === 0) return null;
      const report = await createBackup({
        dir: options.safetyDir,
        root: options.root,
        service: plan.facts.service,
        env: plan.facts.env,
        release: verified(results).from,
        migrations: [...(options.migrations ?? [])],
        tag: 'before-rollback',
        sources,
        tool: options.tool,
        now: () => clock.now(),
        signal,
        onProgress: options.onProgress,
        // Its paths are those of the folder it was put aside in, not where it was live.
        rescue: 'none',
      });
      if (report.incomplete.length > 0)
        throw new RollbackError(
          'safety-incomplete',
          `of what was put aside, ${report.incomplete.length} path(s) could not be read: ${report.incomplete.slice(0, 5).join(', ')}`,
        );
      const { sha256, bytes } = await verifyBackup(report.file, {
        signal,
        onProgress: options.onProgress,
      });
      return { file: report.file, sha256, bytes };
    },
  }),
  incident: (deps) => ({ name: 'incident', run: () => writeIncident(deps, { kind: 'validated' }) }),
  clean: ({ options: { plan }, results }) => ({
    name: 'clean',
    run: async () => {
      const targets = results.staged();
      await discardWork(targets, { sources: plan.facts.sources });
      return { removed: workPlaces(targets) };
    },
  }),
};

export const makeSteps = (names: readonly RollbackStep[], deps: StepDeps): Step[] =>
  names.map((name) => makers[name](deps));
