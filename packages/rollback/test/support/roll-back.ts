import { openJournal } from '@dhash/journal';
import { rollback } from '../../src/rollback.ts';
import { openWorld } from './world.ts';

// A process that rolls back and dies by SIGKILL a number of event-loop turns after an event.
const [folder = '', step = '', turns = '0'] = process.argv.slice(2);
const world = openWorld(folder);
const journal = await openJournal(`${folder}/rollouts/journal.ndjson`, { now: Date.now });
const events = rollback(await world.optionsFor(journal.events));
const dieAfter = (left: number): void => {
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  setImmediate(() => dieAfter(left - 1));
};
let next = await events.next();
while (!next.done) {
  await journal.append(next.value);
  if (next.value.type === 'step.started' && next.value.step === step) dieAfter(Number(turns));
  next = await events.next();
}
await journal.close();
process.stdout.write(`${next.value.kind}\n`);
