import {
  type Assessment,
  nextPollAt,
  type Sample,
  startWatch,
  type WatchPolicy,
} from '../../src/index.ts';

export type Metrics = Record<string, unknown>;
/** What the service answers at a second of the watch; `null`: no sample is taken then. */
export type Service = (second: number) => {
  ok?: boolean | null;
  metrics?: Metrics;
} | null;

export const healthyMetrics: Metrics = {
  extraction_failures_rate: 1,
  p95_hash_time: 800,
  low_confidence_queue_length: 10,
};

export const sampleAt = (second: number, service: Service): Sample | null => {
  const answer = service(second);
  if (answer === null) return null;
  const { ok = true, metrics = healthyMetrics } = answer;
  return { at: second * 1000, health: { ok }, metrics };
};

/** Polls as a monitor does, suspect polls too, from 0 s to the end. */
export const live = (policy: WatchPolicy, service: Service) => {
  const watch = startWatch(policy, { startedAt: 0 });
  const samples: Sample[] = [];
  const history: Assessment[] = [];
  let at: number | null = 0;
  let suspicious = false;
  while (at !== null) {
    const sample = sampleAt(at / 1000, service);
    if (sample) {
      const assessment = watch.observe(sample);
      samples.push(sample);
      history.push(assessment);
      if (assessment.decision !== 'continue') break;
      suspicious = Object.values(assessment.gates).some((gate) => gate.suspicious);
    }
    at = nextPollAt(policy, { startedAt: 0, lastAt: at, suspicious });
  }
  const last = history.at(-1);
  if (last === undefined) throw new Error('no sample was taken');
  return { last, history, samples, second: last.at / 1000 };
};
