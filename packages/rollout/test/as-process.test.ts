import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const source = fileURLToPath(new URL('../src/cli/as-process.ts', import.meta.url));

/** Work that takes its own listener off, as `main` does, in a process that is slow to end. */
const program = (exit: number) => `
  import { asProcess } from ${JSON.stringify(source)};
  const own = () => undefined;
  await asProcess(async () => {
    process.on(process.argv[1], own);
    return ${exit};
  });
  process.off(process.argv[1], own);
  setTimeout(() => process.stdout.write('still here'), 20_000);
  process.stdout.write('over');
`;

it.each([
  ['SIGINT', 0],
  ['SIGTERM', 4],
  ['SIGHUP', 1],
] as const)('%s after the end leaves the exit code %i as it was', async (signal, exit) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(exit), signal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe('over');
  child.kill(signal);
  expect(await ended).toEqual([exit, null]);
});
