import { openJournal } from '../../src/journal.ts';

// Appends until it is killed; prints each seq once its line is durable.
const journal = await openJournal(process.argv[2] ?? '', { now: Date.now });
for (;;) {
  const { seq } = await journal.append({ type: 'tick', filler: 'x'.repeat(5000) });
  process.stdout.write(`${seq}\n`);
}
