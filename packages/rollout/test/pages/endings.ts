import { type PolledSample, pollTimes, replay, type WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { type RunPage, runPage, watchMarks } from '../../src/pages/run-page.ts';
import type { RecordedEvent } from '../../src/record/events.ts';
import { folded } from '../record/recorded.ts';

const startMs = Date.parse('2026-11-24T10:00:00Z');
const watchFromMs = 60_000;
const hash = 'ab'.repeat(32);
const backup = 'backups/notes_20261124T100000Z_production_predeploy.zip';

type Given = { readonly type: string; readonly [field: string]: unknown };

/** An event, and after how many seconds it was recorded. */
export type Timed = readonly [seconds: number, event: Given];

export const at = (...given: readonly Timed[]): RecordedEvent[] =>
  given.map(
    ([seconds, event], index) =>
      ({
        at: new Date(startMs + seconds * 1000).toISOString(),
        seq: index + 1,
        prev: '',
        hash,
        ...event,
      }) as unknown as RecordedEvent,
  );

export const step = (
  from: number,
  name: string,
  took: number,
  data: unknown = null,
  scope?: string,
): Timed[] => {
  const of = scope === undefined ? {} : { scope };
  return [
    [from, { type: 'step.started', step: name, ...of }],
    [from + took, { type: 'step.done', step: name, data, ms: took * 1000, ...of }],
  ];
};

export const opened: Timed = [
  0,
  {
    ...{ type: 'run.opened', kind: 'deploy', env: 'production', service: 'notes', version: '1.2' },
    ...{ tool: { name: '@dhash/rollout', version: '0.1.0' }, user: 'mira', host: 'web-1' },
  },
];

const started: Timed[] = [
  opened,
  [
    0,
    {
      ...{ type: 'deploy.planned', version: '1.2', previous: '1.1', steps: [], first: false },
      ...{ disarmed: [], newData: [], migrations: ['tags'], options: {}, sentences: [] },
    },
  ],
  ...step(1, 'backup', 2, { file: backup, sha256: hash, bytes: 8_500_000, entries: 301 }),
  ...step(3, 'drill', 6, {
    ...{ file: backup, at: '2026-11-24T10:00:09Z', started: '1.1', totalMs: 5900 },
  }),
  ...step(10, 'stop', 0.6),
  ...step(11, 'migrate', 0.2, [{ name: 'tags', direction: 'forward' }]),
  ...step(12, 'activate', 0.1),
  ...step(12.5, 'start', 0.5),
];

const deployed: Timed[] = [
  ...started,
  ...step(13, 'health', 2.1, { checks: 3 }),
  ...step(16, 'smoke', 4),
  [21, { type: 'deploy.awaiting-guard', version: '1.2' }],
];

const gates = {
  environments: {
    production: {
      duration: '10m',
      autoRollback: true,
      pollCadence: { initial: 10, normal: 10, initialPeriod: '10m' },
      qualityGates: {
        healthFailures: { threshold: 2 },
        uploadFailureRate: {
          ...{ kind: 'ratio', bad: 'failed_total', total: 'all_total' },
          ...{ threshold: 5, timeWindow: '1m' },
        },
        queueLength: { kind: 'level', gauge: 'queue', threshold: 100 },
      },
    },
  },
};

/** A service of which one upload in four fails after that long, s. */
const samplesOf = (policy: WatchPolicy, failsFrom: number): PolledSample[] => {
  let failed = 0;
  return pollTimes(policy).map((ms, poll) => {
    if (ms >= failsFrom * 1000) failed += 25;
    return {
      at: startMs + watchFromMs + ms,
      health: { ok: true, status: 200, ms: 12 + (poll % 5) },
      metrics: { failed_total: failed, all_total: poll * 100, queue: 40 + (poll % 9) },
    };
  });
};

/** The watch of a run, judged, with what goes on its record. */
const watched = (failsFrom: number) => {
  const file = parseGates(JSON.stringify(gates), { file: 'gates.json' });
  const policy = gatesFor(file, 'production');
  const startedAt = startMs + watchFromMs;
  const all = samplesOf(policy, failsFrom);
  const { history, ...last } = replay(policy, all, { startedAt });
  const endS = (last.at - startMs) / 1000;
  const broken = Object.entries(last.gates)
    .filter(([, { verdict }]) => verdict === 'break')
    .map(([gate, { sentence }]) => ({ gate, sentence }));
  const changed = broken.map(
    ({ gate, sentence }): Timed => [
      endS,
      { type: 'verdict.changed', gate, from: 'pass', to: 'break', sentence, sampleAt: last.at },
    ],
  );
  const onRecord: Timed[] = [
    [60, { type: 'watch.started', startedAt, fingerprint: policy.fingerprint, file: 's', policy }],
    ...changed,
    [
      endS,
      {
        ...{ type: 'watch.ended', decision: last.decision, reasons: last.reasons, broken },
        ...{ samples: history.length, sha256: hash },
      },
    ],
  ];
  const samples = all.slice(0, history.length);
  return { policy, startedAt, samples, history, decision: last.decision, endS, onRecord };
};

/** What a rollout left: its record, and its watch where it had one. */
export interface Ending {
  readonly events: readonly RecordedEvent[];
  readonly watch: ReturnType<typeof watched> | null;
}

const pageOf = ({ events, watch }: Ending): RunPage => {
  const report =
    watch === null
      ? null
      : {
          ...{ run: 'r', title: 'notes 1.2', samples: watch.samples, assessments: watch.history },
          ...{ policy: watch.policy, startedAt: watch.startedAt, decision: watch.decision },
          events: watchMarks(events),
          samplesSha256: hash,
        };
  return runPage({
    state: folded(events, '20261124T100000Z-production-deploy-3fa9'),
    ...{ events, held: 'free', shown: (path: string) => path, watch: report },
  });
};

const none = { count: 0, paths: [] };
const written = {
  files: { added: { count: 3, paths: [] }, changed: none, removed: none },
  tables: [{ source: 'notes', table: 'note', before: 1200, after: 1626 }],
};

const rollbackBegins = (from: number): Timed => [
  from,
  {
    ...{ type: 'rollback.started', backup, sha256: hash, data: 'restore', from: '1.2', to: '1.1' },
    ...{ proven: { at: '2026-11-24T10:00:09Z', started: '1.1', totalMs: 5900 } },
    ...{ reason: 'uploadFailureRate broke', trigger: 'gate', user: 'mira' },
  },
];

const promoted = (): Ending => {
  const watch = watched(10_000);
  const closed: Timed = [watch.endS + 1, { type: 'run.closed', outcome: 'promoted' }];
  return { events: at(...deployed, ...watch.onRecord, closed), watch };
};

export const rolledBack = (): Ending => {
  const watch = watched(120);
  const t = watch.endS;
  const back = (from: number, name: string, took: number, data: unknown = null) =>
    step(t + from, name, took, data, 'rollback');
  const proof = { files: 301, bytes: 8_500_000, tables: { notes: { note: 1200 } } };
  const safety = { file: 'backups/safety/notes_before-rollback.zip', sha256: hash, bytes: 8.6e6 };
  const events = at(
    ...deployed,
    ...watch.onRecord,
    rollbackBegins(t + 1),
    ...back(1, 'verify', 0.3),
    ...back(2, 'stage', 0.9),
    ...back(3, 'stop', 3.1),
    ...back(6.2, 'swap', 0.1),
    ...back(6.4, 'activate', 0.1),
    ...back(6.5, 'prove', 0.4, proof),
    ...back(7, 'start', 0.6),
    ...back(7.7, 'health', 1.4, { checks: 3 }),
    ...back(9.2, 'smoke', 2),
    ...back(11.5, 'safety', 1.5, safety),
    ...back(13, 'incident', 0.3, { folder: 'incidents/r', zip: 'z', written }),
    [t + 14, { type: 'rollback.validated', from: '1.2', to: '1.1', proof, warnings: [] }],
    [t + 15, { type: 'run.closed', outcome: 'rolled back', from: '1.2', to: '1.1' }],
  );
  return { events, watch };
};

const notRolledBack = (): Ending => {
  const watch = watched(120);
  const failed: Timed = [
    watch.endS + 1,
    {
      type: 'rollback.failed',
      error: 'the backup did not verify: expected SHA-256 ab, got cd',
      state: '1.2 still serves, and fails',
    },
  ];
  return { events: at(...deployed, ...watch.onRecord, failed), watch };
};

const failedBeforeWatch = (): Ending => {
  const events = at(
    ...started,
    [13, { type: 'step.started', step: 'health' }],
    [73, { type: 'step.failed', step: 'health', error: 'not healthy within 60 s: HTTP 500' }],
    [74, { type: 'step.undone', step: 'start' }],
    [75, { type: 'step.undone', step: 'activate' }],
    [76, { type: 'step.undone', step: 'migrate' }],
    [78, { type: 'step.undone', step: 'stop' }],
    [79, { type: 'run.closed', outcome: 'failed and undone', reason: 'health failed' }],
  );
  return { events, watch: null };
};

const all = () => ({
  promoted: promoted(),
  'rolled-back': rolledBack(),
  'not-rolled-back': notRolledBack(),
  'failed-before-watch': failedBeforeWatch(),
});

/** The records of the four ways in which a rollout ends. */
export const endingRecords = (): readonly (readonly RecordedEvent[])[] =>
  Object.values(all()).map(({ events }) => events);

/** The four ways in which a rollout ends, as their pages. */
export const endings = () => {
  const { promoted: good, 'rolled-back': back, 'not-rolled-back': stuck, ...failed } = all();
  return {
    promoted: pageOf(good),
    'rolled-back': pageOf(back),
    'not-rolled-back': pageOf(stuck),
    'failed-before-watch': pageOf(failed['failed-before-watch']),
  };
};
