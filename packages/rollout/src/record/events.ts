import * as z from 'zod';
import { runKinds } from './run-id.ts';

/** Plain JSON, whose inside is for the code that wrote it. */
const json = z.json();
const time = z.string();
const nullableText = z.string().nullable();
/** Every step that a deploy may have. */
export const deploySteps = [
  'backup',
  'drill',
  'init',
  'lay',
  'stop',
  'backup-stopped',
  'migrate',
  'activate',
  'start',
  'health',
  'smoke',
  'drill-stopped',
  'backup-after',
] as const;

export type DeployStep = (typeof deploySteps)[number];

/** Steps of a deploy, of migrations and of a rollback (scope `rollback`), by the names that records hold. */
const stepNames = [
  ...deploySteps,
  // of an undo that puts data back
  'set-aside',
  // of a rollback
  'verify',
  'stage',
  'swap',
  'prove',
  'safety',
  'incident',
  'clean',
  'incident-not-validated',
] as const;
const step = z.enum(stepNames);
const scope = z.string().exactOptional();

/** How a run may end. */
const runOutcomes = [
  'promoted',
  'rolled back',
  'aborted',
  'failed and undone',
  'superseded',
  'done',
] as const;

/**
 * Every event that a run's journal may hold, by its name, with its fields. `docs/format.md` tells what each
 * means. A field that came later is optional, so that older records are read for good.
 */
export const eventSchemas = {
  // the run
  'run.opened': z.strictObject({
    kind: z.enum(runKinds),
    env: z.string(),
    service: z.string(),
    version: nullableText.exactOptional(),
    tool: json,
    user: z.string(),
    host: z.string(),
  }),
  'run.closed': z.strictObject({
    outcome: z.enum(runOutcomes),
    /** What the service answered when a person closed the run, in words. */
    seen: z.string().exactOptional(),
    reason: z.string().exactOptional(),
    user: z.string().exactOptional(),
    from: nullableText.exactOptional(),
    to: nullableText.exactOptional(),
    proof: json.exactOptional(),
    warnings: z.array(z.string()).exactOptional(),
  }),
  'run.stuck': z.strictObject({ problem: z.string() }),

  // deploy and migrate
  'deploy.planned': z.strictObject({
    version: z.string(),
    previous: nullableText,
    first: z.boolean(),
    steps: z.array(step),
    disarmed: z.array(z.string()),
    /** Gates whose metric comes with this release. */
    expected: z.array(z.string()).exactOptional(),
    /** Declared data that did not exist before. */
    newData: z.array(z.string()),
    /** Names of the migrations that were pending, oldest first. */
    migrations: z.array(z.string()),
    /** Those of them without a way down. */
    withoutDown: z.array(z.string()).exactOptional(),
    options: json,
    sentences: z.array(z.string()),
  }),
  'deploy.resumed': z.strictObject({ user: z.string().exactOptional() }),
  'deploy.awaiting-guard': z.strictObject({ version: z.string() }),
  'activation.sampled': z.strictObject({ sample: json }),
  'migrate.planned': z.strictObject({
    direction: z.enum(['forward', 'rollback']),
    version: z.string(),
    migrations: z.array(z.string()),
  }),
  /** What the tool of `migrations.status` said, and where `migrations.to` said that the database stands. */
  'migrate.status': z.strictObject({
    when: z.enum(['before', 'after', 'undone']),
    output: z.string(),
    position: nullableText,
  }),
  /** Tables of the databases with their columns and rows, before a release started and once it was healthy. */
  'data.looked': z.strictObject({
    when: z.enum(['before', 'after']),
    shapes: json,
    /** What the start of the release changed, in words; absent: nothing. */
    change: z.string().exactOptional(),
  }),
  'migrate.resumed': z.strictObject({ user: z.string() }),
  'abort.started': z.strictObject({ user: z.string() }),
  'undo.verified': z.strictObject({ active: nullableText, compared: z.string().exactOptional() }),

  // steps: see runSteps of @dhash/journal
  'step.started': z.strictObject({ step, scope }),
  'step.done': z.strictObject({ step, data: json, ms: z.number(), scope }),
  'step.failed': z.strictObject({ step, error: z.string(), scope }),
  'step.undone': z.strictObject({ step, scope }),

  // the watch
  'watch.started': z.strictObject({
    startedAt: z.number(),
    fingerprint: z.string(),
    file: z.string(),
    policy: json,
    /** The kernel's id of this boot; empty where it has none. */
    bootId: z.string().exactOptional(),
  }),
  'watch.resumed': z.strictObject({
    gapMs: z.number(),
    samples: z.number(),
    bootId: z.string().exactOptional(),
  }),
  'watch.extended': z.strictObject({ byMs: z.number(), user: z.string(), reason: z.string() }),
  /** The sample log up to here, so that a resume can tell whether it is still the same. */
  'samples.sealed': z.strictObject({ lines: z.number(), sha256: z.string() }),
  'verdict.changed': z.strictObject({
    gate: z.string(),
    from: nullableText,
    to: z.string(),
    sentence: z.string(),
    sampleAt: z.union([z.number(), z.string()]),
  }),
  'gate.blind': z.strictObject({ gate: z.string(), sentence: z.string() }),
  /** Whether a rollback could put the data back, where that has changed; empty: nothing is in the way any more. */
  'way-back.looked': z.strictObject({ obstacles: z.array(z.string()) }),
  'certificate.ended': z.strictObject({ reason: z.string() }),
  'clock.stepped': z.strictObject({ ms: z.number(), sampleAt: z.number() }),
  'watch.ended': z.strictObject({
    decision: z.string(),
    reasons: z.array(z.string()),
    samples: z.number(),
    sha256: z.string(),
    /** The gates that broke, with their sentences. */
    broken: z.array(z.strictObject({ gate: z.string(), sentence: z.string() })).exactOptional(),
    /** What the tool does next by itself. */
    next: z.enum(['rollback', 'nothing']).exactOptional(),
  }),
  /** Samples could not be written any more; the watch went on without them. */
  'watch.impaired': z.strictObject({ error: z.string() }),
  /** The guard itself could not go on: nobody watches from here on. */
  'watch.lost': z.strictObject({ error: z.string() }),

  /** A look from outside found that no process is at work where one should be. */
  'guard.missed': z.strictObject({ finding: z.string() }),

  // the rollback
  'rollback.started': z.strictObject({
    /** Absolute; `null`: only the release goes back. */
    backup: nullableText,
    sha256: nullableText,
    proven: json,
    data: z.enum(['restore', 'keep']),
    from: nullableText,
    to: nullableText,
    reason: z.string(),
    /** `undo`: a step of the run failed, or somebody aborted it. */
    trigger: z.enum(['gate', 'person', 'undo']),
    user: z.string(),
  }),
  'rollback.resumed': z.strictObject({ user: z.string() }),
  'rollback.withheld': z.strictObject({ why: z.string(), decision: z.string() }),
  /** Release and data are back, and the service was seen to be well. */
  'rollback.validated': z.strictObject({
    from: nullableText,
    to: nullableText,
    proof: json,
    warnings: z.array(z.string()),
  }),
  /** It failed before it changed anything; what served before serves again. */
  'rollback.put-back': z.strictObject({ step: z.string(), error: z.string() }),
  'rollback.not-validated': z.strictObject({
    step: z.string(),
    error: z.string(),
    state: z.string(),
  }),
  /** A gate broke, and what it asked for could not be done: the bad release may serve on. */
  'rollback.failed': z.strictObject({ error: z.string(), state: z.string() }),
  /** Before an undo: what was live, as a verified zip. */
  'data.set-aside': z.strictObject({
    file: z.string(),
    sha256: z.string(),
    /** What it holds that the run's own backup does not; `null`: there is none to compare with. */
    written: json,
  }),
  'put-aside.kept': z.strictObject({ file: z.string(), sha256: z.string() }),

  // putting back what was set aside
  'salvage.started': z.strictObject({
    /** The run that set it aside. */
    of: z.string(),
    /** What was set aside, as a zip. Absolute. */
    copy: z.string(),
    /** The backup that tells what was written since; `null`: it is not there any more. */
    base: nullableText,
    tables: z.array(z.string()),
    /** Globs. */
    files: z.array(z.string()),
    /** What was live before, as a verified zip. */
    safety: nullableText,
    sha256: nullableText,
    user: z.string(),
  }),
  /** One source: how many rows of each table, or files, were put in and stayed out. */
  'salvage.put': z.strictObject({
    source: z.string(),
    put: z.array(z.strictObject({ what: z.string(), in: z.number(), out: z.number() })),
  }),

  // the service, started and stopped by hand, or left down
  'service.stopped': z.strictObject({ user: z.string(), reason: z.string() }),
  'service.started': z.strictObject({ user: z.string(), reason: z.string() }),
  'service.left-down': z.strictObject({ why: z.string(), command: z.string() }),

  // a freeze of the environment
  'freeze.set': z.strictObject({ until: time, user: z.string(), reason: z.string() }),

  // what surrounds a run
  'lock.taken-over': z.strictObject({
    from: z.string(),
    by: z.string(),
    reason: z.string().exactOptional(),
  }),
  'record.broken': z.strictObject({ run: z.string(), problem: z.string() }),
  'request.taken': z.strictObject({
    kind: z.string(),
    user: z.string(),
    reason: z.string(),
    requestedAt: time,
  }),
  'request.ignored': z.strictObject({
    kind: z.string(),
    user: z.string(),
    reason: z.string(),
    requestedAt: time,
    why: z.string(),
  }),
  'request.unreadable': z.strictObject({ file: z.string(), problem: z.string() }),
  'notification.receipt': z.strictObject({ event: z.string(), receipt: json }),
} as const;

type Schemas = typeof eventSchemas;

export type EventType = keyof Schemas;

/** An event as this tool writes it. */
export type RunEvent<T extends EventType = EventType> = {
  [K in T]: { readonly type: K } & z.infer<Schemas[K]>;
}[T];

/** An event as it stands on the record. */
export type RecordedEvent<T extends EventType = EventType> = RunEvent<T> & {
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly prev: string;
  readonly hash: string;
};

/** The newest event of these types. */
export const lastOf = <T extends EventType>(
  events: readonly RecordedEvent[],
  ...types: readonly T[]
): RecordedEvent<T> | undefined => {
  const wanted: readonly string[] = types;
  // TypeScript does not narrow a union by a list of its tags.
  return events.findLast(({ type }) => wanted.includes(type)) as RecordedEvent<T> | undefined;
};

/** All events of these types, oldest first. */
export const allOf = <T extends EventType>(
  events: readonly RecordedEvent[],
  ...types: readonly T[]
): RecordedEvent<T>[] => {
  const wanted: readonly string[] = types;
  return events.filter(({ type }) => wanted.includes(type)) as RecordedEvent<T>[];
};
