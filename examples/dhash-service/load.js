// @ts-check
// Sends the pictures of a folder at a steady rate, and prints a summary as JSON when it ends:
// node examples/dhash-service/load.js --url http://127.0.0.1:5001 --folder var/demo/images [--rate 12] [--seconds 60]
// Without --seconds it goes on until INT or TERM. Pictures are due by the clock, not by the answers: a slow
// service is not spared. Where too many answers are outstanding, a picture is skipped and counted.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const mostOutstanding = 64;
const timeoutMs = 30_000;

const usage = (/** @type {string} */ reason) => {
  process.stderr.write(
    `error: ${reason}; usage: node load.js --url URL --folder DIR [--rate PER_SECOND] [--seconds N]\n`,
  );
  process.exit(2);
};

const parse = () => {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    const { values } = parseArgs({
      options: { url: text, folder: text, rate: text, seconds: text },
    });
    const { url = '', folder = '', rate = '12', seconds = 'Infinity' } = values;
    if (!URL.canParse(url)) return usage('--url is to be like http://127.0.0.1:5001');
    if (folder === '') return usage('--folder is missing');
    if (!(Number(rate) > 0 && Number(rate) <= 1000))
      return usage('--rate is to be over 0, 1000 at most');
    if (!(Number(seconds) > 0)) return usage('--seconds is to be over 0');
    return { url, folder, rate: Number(rate), seconds: Number(seconds) };
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
};

/** @param {string} folder @returns {Promise<Buffer[]>} */
const readPictures = async (folder) => {
  /** @type {string[]} */
  const names = await readdir(folder).catch((error) =>
    usage(`can't read ${folder}: ${error.message}`),
  );
  const pictures = names.filter((name) => /^[^.].*\.(jpe?g|png|webp)$/i.test(name)).sort();
  if (pictures.length === 0) usage(`no pictures in ${folder}`);
  return Promise.all(pictures.map((name) => readFile(join(folder, name))));
};

const { url, folder, rate, seconds } = parse();
const pictures = await readPictures(folder);
const target = new URL('/hash', url);
/** @type {Record<string, number>} */
const statuses = {};
/** @type {number[]} */
const times = [];
const counts = { sent: 0, skipped: 0, unanswered: 0 };
const outstanding = new Set();
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

/** @param {Buffer} body */
const send = async (body) => {
  const startedAt = performance.now();
  try {
    const response = await fetch(target, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.arrayBuffer();
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    if (response.ok) times.push(performance.now() - startedAt);
  } catch {
    // A service that is being replaced refuses connections: the load goes on, the summary says how many.
    counts.unanswered++;
  }
};

const startedAt = performance.now();
// A step that shares no factor with their number goes round all pictures, kinds well mixed.
const step = [97, 89, 83].find((prime) => pictures.length % prime !== 0) ?? 1;
for (let due = 0; !stop.signal.aborted && due < rate * seconds; due++) {
  const waitMs = startedAt + (due * 1000) / rate - performance.now();
  if (waitMs > 0) await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
  if (stop.signal.aborted) break;
  if (outstanding.size >= mostOutstanding) {
    counts.skipped++;
    continue;
  }
  counts.sent++;
  const answered = send(/** @type {Buffer} */ (pictures[(due * step) % pictures.length]));
  outstanding.add(answered);
  void answered.then(() => outstanding.delete(answered));
}
const elapsedSeconds = (performance.now() - startedAt) / 1000;
await Promise.race([Promise.all(outstanding), sleep(5000, undefined, { ref: false })]);

times.sort((a, b) => a - b);
/** Milliseconds, nearest rank. @param {number} share */
const quantile = (share) => {
  const value = times[Math.max(0, Math.ceil(share * times.length) - 1)];
  return value === undefined ? null : Math.round(value * 10) / 10;
};
process.stdout.write(
  `${JSON.stringify({
    url,
    seconds: Math.round(elapsedSeconds * 10) / 10,
    ratePerSecond: Math.round((counts.sent / elapsedSeconds) * 100) / 100,
    ...counts,
    statuses,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    maxMs: quantile(1),
  })}\n`,
);
process.exit(0);
