import { existsSync } from 'node:fs';
import type { readLock } from '@dhash/journal';
import { readSampleLog } from '@dhash/monitor';
import { replay } from '@dhash/quality-gates';
import { provenOfFile } from '../backup/proven-backup.ts';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { lookAtLock } from '../environment/lock.ts';
import { lookAtService, type ServiceNow } from '../environment/service-now.ts';
import { messageOf } from '../errors.ts';
import { recordedWatch } from '../pages/recorded-watch.ts';
import { hasUnfinishedRollback } from '../record/run-state.ts';
import { type BrokenRun, newestChange, type RecordedRun, surveyRuns } from '../record/runs.ts';
import { setAsideCopies } from '../record/set-aside-copies.ts';
import type { Situation } from '../record/standing.ts';
import { type WayBackAnswer, wayBackAnswer } from '../record/way-back.ts';
import { driftOf } from '../takeover/drift.ts';
import { holdingNow } from '../takeover/holding-now.ts';
import { wayBackOf } from '../takeover/way-out-lines.ts';

/** A gate of the watch that runs, or was cut off. */
export interface GateNow {
  readonly gate: string;
  readonly verdict: string;
  readonly sentence: string;
}

/** How far a watch has come, by its log. */
export interface WatchNow {
  readonly elapsedMs: number;
  readonly durationMs: number;
  readonly gates: readonly GateNow[];
}

/** What `status` knows of an environment: asked now, read now. */
export interface StatusNow {
  readonly service: ServiceNow;
  readonly lock: Awaited<ReturnType<typeof readLock>>;
  /** Who holds it, in words. */
  readonly lockWords: string;
  readonly newest: RecordedRun | null;
  readonly situation: Situation;
  readonly broken: readonly BrokenRun[];
  /** What rollbacks and undos of the newest run took out of the live data, and where it lies. */
  readonly setAside: readonly string[];
  readonly watch: WatchNow | null;
  readonly wayBack: {
    readonly file: string;
    readonly proven: string;
    /** What the drill of the open run found; null where none looked. */
    readonly answer: WayBackAnswer | null;
  } | null;
}

/** The watch of an open run, judged again from its log; `null` where there is none, or it can't be read now. */
const watchOf = async (
  context: CommandContext,
  { layout }: Environment,
  newest: RecordedRun | null,
): Promise<WatchNow | null> => {
  if (newest === null || newest.state.closed || newest.state.watch === null) return null;
  const files = layout.run(newest.state.run);
  try {
    const watch = await recordedWatch(newest.state.run, newest.events, files.baseline);
    if (watch === null || !existsSync(files.samples)) return null;
    const { samples } = await readSampleLog(files.samples);
    const last = samples.at(-1);
    if (last === undefined) return null;
    const { gates } = replay(watch.policy, samples, watch.start);
    const lastMs = typeof last.at === 'number' ? last.at : Date.parse(last.at);
    return {
      elapsedMs: Math.max(0, lastMs - watch.start.startedAt),
      durationMs: watch.policy.durationMs,
      gates: Object.entries(gates).map(([gate, { verdict, sentence }]) => ({
        gate,
        verdict,
        sentence,
      })),
    };
  } catch (error) {
    context.output.warn(`how far the watch has come can't be told: ${messageOf(error)}`);
    return null;
  }
};

/** Reads all that `status` shows. Asks the service; changes nothing. */
export const readStatus = async (
  context: CommandContext,
  environment: Environment,
): Promise<StatusNow> => {
  const { config, layout, lockFile, shown } = environment;
  const service = await lookAtService({ context, environment });
  const { lock, words: lockWords } = await lookAtLock(lockFile);
  const { runs, broken } = await surveyRuns(layout, config.env);
  const newest = newestChange(runs);
  const state = newest?.state ?? null;
  const situation: Situation = {
    state,
    rollbackUnfinished: newest !== null && hasUnfinishedRollback(newest.events),
    held: holdingNow(lock, state),
    drift:
      state === null || state.closed || state.kind !== 'deploy'
        ? null
        : driftOf(service.active, state),
  };
  const file = await wayBackOf(context, environment, situation);
  return {
    service,
    lock,
    lockWords,
    newest,
    situation,
    broken,
    setAside:
      newest === null
        ? []
        : setAsideCopies(newest.state.run, newest.events).map(({ file }) => file),
    watch: await watchOf(context, environment, newest),
    wayBack:
      file === null
        ? null
        : {
            file,
            proven: await provenOfFile(config, file, shown),
            answer: newest === null || newest.state.closed ? null : wayBackAnswer(newest.events),
          },
  };
};

/** Nothing answers, and a release is meant to run: whoever stopped it. */
export const isDown = ({ service }: Pick<StatusNow, 'service'>): boolean =>
  service.active !== null && service.health.ok !== true && service.health.status === undefined;
