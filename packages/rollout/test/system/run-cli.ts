/**
 * The command line as a process of its own, from source. Two variables make a death exact:
 * `TEST_KILL_AT=step.started:migrate` (or `watch.poll:3`, the third of them, or
 * `verdict.changed:break`) kills the process, as
 * kill -9 does, at the moment that event is durable and nothing after it has happened; with
 * `TEST_KILL_AFTER_MS` that much later, in the middle of the act.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { asProcess } from '../../src/cli/as-process.ts';
import { main } from '../../src/cli/main.ts';
import { type Clock, systemClock } from '../../src/process/clock.ts';
import { backBy, hurried } from './hurried.ts';

const killAt = process.env['TEST_KILL_AT'];

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

if (killAt !== undefined) {
  const [type, wanted = ''] = killAt.split(':');
  const afterMs = Number(process.env['TEST_KILL_AFTER_MS'] ?? 0);
  const write = process.stdout.write.bind(process.stdout);
  let seen = 0;
  process.stdout.write = (chunk: string | Uint8Array, ...rest: never[]): boolean => {
    const written = write(chunk, ...rest);
    const event: unknown = JSON.parse(String(chunk));
    if (typeof event !== 'object' || event === null || !('type' in event)) return written;
    if (event.type !== type) return written;
    seen += 1;
    const names = 'step' in event ? [event.step] : ['to' in event ? event.to : null, String(seen)];
    if (!names.includes(wanted)) return written;
    if (afterMs === 0) die();
    else void delay(afterMs).then(die);
    return written;
  };
}

/** Another clock than the machine's, where a variable asks for one. */
const otherClock = (): Clock | null => {
  const backMs = process.env['TEST_CLOCK_BACK_MS'];
  if (backMs !== undefined) return backBy(Number(backMs));
  return process.env['TEST_HURRIED'] === undefined ? null : hurried;
};

const clock = otherClock();
const isOwn = clock === null && killAt === undefined;
await asProcess(() =>
  main(
    process.argv.slice(2),
    isOwn
      ? undefined
      : {
          // Written at once, and so seen by the death above.
          stdout: process.stdout,
          stderr: process.stderr,
          processEnv: process.env,
          cwd: process.cwd(),
          clock: clock ?? systemClock,
          signal: new AbortController().signal,
        },
  ),
);
