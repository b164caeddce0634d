import { acquireLock } from '../../src/lock.ts';

// Tries for the lock, prints what it got, and lives on until it is killed.
const [file = '', command = ''] = process.argv.slice(2);
const got = await acquireLock(file, { command });
process.stdout.write(
  `${got.kind === 'acquired' ? `acquired ${got.takenOverFrom?.command ?? 'free'}` : `held ${got.holder.command}`}\n`,
);
process.stdin.resume();
