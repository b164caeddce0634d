import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What the record says of a rollback: null where the data was proved equal to the backup before the service
 * started, three healthy answers in a row came, and the smoke tests passed; else what is missing.
 *
 * @param {readonly { type: string, step?: string, data?: unknown }[]} events of a run, in order
 */
export const missingOfRollback = (events) => {
  const from = events.findIndex(({ type }) => type === 'rollback.started');
  if (from < 0) return 'the record holds no rollback';
  const done = events
    .slice(from)
    .filter(({ type }) => type === 'step.done')
    .map(({ step }) => step);
  const missing = ['prove', 'start', 'health', 'smoke'].filter((step) => !done.includes(step));
  if (missing.length > 0) return `not done: ${missing.join(', ')}`;
  return done.indexOf('prove') < done.indexOf('start')
    ? null
    : 'started before the data was proved';
};

/** @param {string} bundle @param {string} run */
export const readRecord = async (bundle, run) =>
  (await readFile(join(bundle, 'rollouts', run, 'journal.ndjson'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/**
 * Asks a service for its health until it said OK three times in a row.
 *
 * @param {string} url @param {string} version that it must name
 * @param {{ tries?: number, pauseMs?: number, ask?: typeof fetch }} [options] `pauseMs`: after an answer that is not OK
 * @returns {Promise<string | null>} null: three in a row; else its last answer
 */
export const threeTimesOk = async (
  url,
  version,
  { tries = 20, pauseMs = 500, ask = fetch } = {},
) => {
  let inARow = 0;
  let last = 'no answer';
  for (let tried = 0; tried < tries && inARow < 3; tried++) {
    /** @type {any} whatever it answers */
    const said = await ask(new URL('/health', url)).then((answer) => answer.json(), String);
    last = JSON.stringify(said);
    if (said.status !== 'OK') await sleep(pauseMs);
    inARow = said.status === 'OK' && said.version === version ? inARow + 1 : 0;
  }
  return inARow === 3 ? null : last;
};
