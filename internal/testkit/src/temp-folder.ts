import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { canary, formsOf } from './canary/canary.ts';
import { ledgerFolder, note } from './canary/ledger.ts';
import { searchFolder } from './canary/search-folder.ts';

/** A test may leave a hundred thousand files, or gigabytes. */
const cleanUpTimeoutMs = 300_000;

/**
 * A fresh folder, and what removes it. Where a run searches for its canary secret, what the test left in it is
 * searched first.
 */
export const makeTempFolder = async (): Promise<{ path: string; remove(): Promise<void> }> => {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'rollout-test-')));
  const remove = async () => {
    const ledger = ledgerFolder();
    if (ledger !== undefined && existsSync(path)) note(ledger, searchFolder(path, formsOf(canary)));
    // What a command began and no longer waits for may still write there.
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  };
  return { path, remove };
};

/** A fresh folder, removed when the running test ends. Call it inside a test. */
export const tempFolder = async (): Promise<string> => {
  const { path, remove } = await makeTempFolder();
  onTestFinished(remove, cleanUpTimeoutMs);
  return path;
};
