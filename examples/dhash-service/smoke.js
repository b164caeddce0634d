// @ts-check
// Smoke tests of a running service: ROLLOUT_URL=http://127.0.0.1:5001 node examples/dhash-service/smoke.js
// A line per check; exit 1 where one fails, 2 on bad usage. What it puts into the low-confidence queue it
// takes out again; the counters of /metrics, which are the process's own, stay as they count.
// Nothing of the service is imported: it is judged from outside.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const golden = new URL('golden/', import.meta.url);
const timeoutMs = 10_000;
/** Tries of a picture that the service is too busy for, a second apart. */
const busyTries = 10;

/** @typedef {{ hash: string, nearest: { id: number, name: string, distance: number } | null, confidence: number, queued: boolean, queueId: number | null }} HashAnswer */
/** @typedef {{ length: number, items: { id: number, hash: string }[] }} QueueAnswer */

/** @param {string} base @param {string} path @param {RequestInit} [init] */
const ask = async (base, path, init) => {
  const response = await fetch(new URL(path, base), {
    ...init,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, text };
};

/**
 * A service under load may refuse a picture for the moment: 503 asks to come again in a second.
 * @param {string} base @param {string} path @param {RequestInit} init
 */
const askPatiently = async (base, path, init) => {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask(base, path, init);
    if (answer.status !== 503 || tries === busyTries) return answer;
    await sleep(1000);
  }
};

/**
 * JSON of an answer that has to be 200.
 * @param {string} base @param {string} path @param {RequestInit} [init]
 */
const askJson = async (base, path, init) => {
  const { status, text } = await ask(base, path, init);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
};

/** @param {boolean} holds @param {string} otherwise */
const expect = (holds, otherwise) => {
  if (!holds) throw new Error(otherwise);
};

const figureNames = [
  'avg_hash_time',
  'extraction_failures_rate',
  'extraction_failures_total',
  'low_confidence_queue_length',
  'p95_hash_time',
  'total_processed',
];
const metricNames = [
  'dhash_extraction_failures_total',
  'dhash_hash_duration_seconds_bucket',
  'dhash_low_confidence_queue_length',
  'dhash_processed_total',
];

/** @param {string} base @param {string | undefined} version */
const smoke = async (base, version) => {
  let failures = 0;
  /** @param {string} name @param {() => Promise<string>} check returns what to say */
  const check = async (name, check) => {
    try {
      process.stdout.write(`ok   ${name} ${await check()}\n`);
    } catch (error) {
      failures++;
      process.stdout.write(`FAIL ${name}: ${error instanceof Error ? error.message : error}\n`);
    }
  };
  /** @type {QueueAnswer} */
  let before = { length: 0, items: [] };
  /** @type {Map<number, string>} */
  const added = new Map();

  await check('health', async () => {
    const health = await askJson(base, '/health');
    expect(health.status === 'OK', `status is ${health.status}`);
    expect(
      !version || health.version === version,
      `version ${health.version} runs, expected ${version}`,
    );
    return `version ${health.version}`;
  });

  await check('low-confidence', async () => {
    before = await askJson(base, '/low-confidence');
    expect(Array.isArray(before.items), 'items is not a list');
    return `${before.length} queued`;
  });

  await check('golden', async () => {
    const hashes = Object.entries(
      JSON.parse(await readFile(new URL('golden.json', golden), 'utf8')),
    );
    const wrong = [];
    const known = new Set(before.items.map(({ id }) => id));
    for (const [file, expected] of hashes) {
      const { status, text } = await askPatiently(base, '/hash', {
        method: 'POST',
        body: await readFile(new URL(file, golden)),
      });
      if (status !== 200) {
        wrong.push(`${file} answered ${status} ${text.slice(0, 100)}`);
        continue;
      }
      /** @type {HashAnswer} */
      const answer = JSON.parse(text);
      if (answer.queueId !== null && !known.has(answer.queueId))
        added.set(answer.queueId, answer.hash);
      if (answer.hash !== expected)
        wrong.push(`${file} hashes to ${answer.hash}, expected ${expected}`);
    }
    expect(
      wrong.length === 0,
      `${hashes.length - wrong.length}/${hashes.length}: ${wrong.join('; ')}`,
    );
    return `${hashes.length}/${hashes.length}`;
  });

  await check('metrics', async () => {
    const figures = await askJson(base, '/metrics/dhash');
    expect(
      JSON.stringify(Object.keys(figures).sort()) === JSON.stringify(figureNames),
      `/metrics/dhash has ${Object.keys(figures).join(', ')}`,
    );
    expect(figures.total_processed > 0, 'total_processed is 0 after the golden set');
    const { status, text } = await ask(base, '/metrics');
    const missing = metricNames.filter((name) => !text.includes(`\n${name}`));
    expect(
      status === 200 && missing.length === 0,
      `/metrics answered ${status} and lacks ${missing.join(', ') || 'nothing'}`,
    );
    return `${figures.total_processed} processed`;
  });

  await check('taken back', async () => {
    /** @type {QueueAnswer} */
    const now = await askJson(base, '/low-confidence');
    const hashOf = new Map(now.items.map(({ id, hash }) => [id, hash]));
    // An entry that a person resolved meanwhile, and whose number another picture got, is not ours.
    for (const [id, hash] of added)
      if (hashOf.get(id) === hash)
        await askJson(base, `/low-confidence/${id}/resolve`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ decision: 'discard' }),
        });
    /** @type {QueueAnswer} */
    const after = await askJson(base, '/low-confidence');
    const left = after.items.filter(({ id, hash }) => added.get(id) === hash);
    expect(left.length === 0, `${left.length} of ${added.size} entries are still queued`);
    return `${added.size} of ${added.size} queue entries`;
  });
  return failures;
};

const { ROLLOUT_URL: base, ROLLOUT_VERSION: version } = process.env;
if (!base || !URL.canParse(base)) {
  process.stderr.write(
    `error: set ROLLOUT_URL to the service's address, like http://127.0.0.1:5001 (it is ${JSON.stringify(base ?? null)})\n`,
  );
  process.exitCode = 2;
} else {
  const failures = await smoke(base, version);
  process.stdout.write(
    `${failures === 0 ? 'smoke tests passed' : `${failures} smoke tests failed`} (${base})\n`,
  );
  process.exitCode = failures === 0 ? 0 : 1;
}
