import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder in which the first test of a run that starts the command line puts its bundle. */
    programFolder: string;
  }
}

/** Gives all tests of a run one folder for the program that they start. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = await mkdtemp(join(tmpdir(), 'rollout-program-'));
  // Some tests start it as another user.
  await chmod(folder, 0o755);
  project.provide('programFolder', folder);
  return () => rm(folder, { recursive: true, force: true });
};
