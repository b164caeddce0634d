import { spawn } from 'node:child_process';
import { acquireLock } from '../../src/lock.ts';

// Tries for the lock, prints what it got, and lives on until it is killed. `with-daemon`: starts one
// first, in a session of its own, and prints its pid.
const [file = '', command = '', daemon] = process.argv.slice(2);
const got = await acquireLock(file, { command });
process.stdout.write(
  `${got.kind === 'acquired' ? `acquired ${got.takenOverFrom?.command ?? 'free'}` : `held ${got.holder.command}`}\n`,
);
if (daemon === 'with-daemon') {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  process.stdout.write(`${child.pid}\n`);
}
process.stdin.resume();
