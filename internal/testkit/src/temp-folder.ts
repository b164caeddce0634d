import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder, removed when the running test ends. Call it inside a test. */
export const tempFolder = async (): Promise<string> => {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'rollout-test-')));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
};
