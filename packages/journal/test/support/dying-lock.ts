import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

// Takes the lock and gives it back, and dies as by kill -9 before its Nth call of the file system
// in the phase that is named; prints how many calls there were where it gets to the end.
const [file = '', phase = '', killAt = '0'] = process.argv.slice(2);
let isCounting = false;
let calls = 0;
for (const name of ['open', 'link', 'rename', 'rm', 'chmod', 'mkdir', 'readFile'] as const) {
  const original = promises[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(promises, {
    [name]: (...args: unknown[]) => {
      if (isCounting) {
        calls += 1;
        if (calls === Number(killAt)) process.kill(process.pid, 'SIGKILL');
      }
      return original(...args);
    },
  });
}
syncBuiltinESMExports();
const { acquireLock } = await import('../../src/lock.ts');

isCounting = phase === 'acquire';
const got = await acquireLock(file, { command: 'mortal' });
if (got.kind !== 'acquired') throw new Error(`held by ${got.holder.command}`);
isCounting = phase === 'release';
if (phase === 'release') await got.lock.release();
process.stdout.write(`${calls}\n`);
process.stdin.resume();
