import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { makeWorld, oldData } from './support/world.ts';

const script = fileURLToPath(new URL('support/roll-back.ts', import.meta.url));
const flags = [
  '--conditions=@dhash/source',
  '--experimental-strip-types',
  '--disable-warning=ExperimentalWarning',
];

const run = async (args: readonly string[]): Promise<string> => {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, ...args]);
    return stdout.trim();
  } catch (error) {
    if (error instanceof Error && 'signal' in error && error.signal === 'SIGKILL') return 'SIGKILL';
    throw error;
  }
};

describe('kill -9 of a real process', () => {
  it.each([
    ['stage', 3],
    ['stage', 30],
    ['swap', 1],
    ['swap', 6],
    ['swap', 12],
    ['safety', 20],
    ['clean', 3],
  ])(
    'within %s, %i turns in: the next process ends the rollback',
    async (step, turns) => {
      const world = await makeWorld(await tempFolder());
      const killed = await run([world.folder, step, String(turns)]);
      expect(killed).toBe('SIGKILL');
      expect(await run([world.folder])).toBe('validated');
      expect(await world.data()).toEqual(oldData);
      expect(await world.service.active()).toBe('1.0');
      expect(world.isRunning()).toBe(true);
      expect(await world.leftovers()).toEqual([]);
    },
    60_000,
  );
});
