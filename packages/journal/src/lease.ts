import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type LockFile, newPart } from './lock-file.ts';
import { isRightMissing } from './missing-right.ts';

/** How often a holder shows that it runs, ms. */
const renewEveryMs = 10_000;
/** A lock that was not renewed for so long is one whose holder can be doubted, ms. */
export const leaseMs = 30_000;

/** The waiting of a process, as a port: tests give their own. Milliseconds of a clock that never goes back. */
export interface LeaseClock {
  elapsedMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemLeaseClock: LeaseClock = {
  elapsedMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/** Renews until it is ended; keeps no process alive. */
export const startRenewing = (file: LockFile, everyMs = renewEveryMs): (() => void) => {
  const timer = setInterval(() => {
    // A renewal that fails lets the lease run out: then a person is asked, nobody takes it unasked.
    file.renew().catch(() => undefined);
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
};

/** When the file was renewed, Unix epoch, ms, by the clock of its file system; `null` where it is gone. */
const renewedAtMs = async (file: string): Promise<number | null> => {
  try {
    // Opened, since a network file system may answer a look by name from what it remembers.
    const handle = await open(file, 'r');
    try {
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
};

/**
 * What time it is by the clock of the file system that holds `file`, Unix epoch, ms; `null` where
 * this user may make no file beside it.
 */
export const fileSystemNowMs = async (file: string): Promise<number | null> => {
  const probe = newPart(file);
  try {
    await (await open(probe, 'wx', 0o600)).close();
    return (await stat(probe)).mtimeMs;
  } catch (error) {
    if (isRightMissing(error)) return null;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
};

/** How long ago the holder renewed, ms, by the file system's own clock; `null` where that can't be told. */
export const leaseAgeMs = async (file: string): Promise<number | null> => {
  const at = await renewedAtMs(file);
  const now = at === null ? null : await fileSystemNowMs(file);
  return at === null || now === null ? null : now - at;
};

/**
 * Whether nobody renews the lease: it ran out, or stays as it is for its whole length while this
 * process watches, by this process's own clock.
 */
export const isSilent = async (
  file: string,
  { clock, signal }: { clock: LeaseClock; signal?: AbortSignal },
): Promise<boolean> => {
  const seen = await renewedAtMs(file);
  if (seen === null) return true;
  const now = await fileSystemNowMs(file);
  if (now !== null && now - seen > leaseMs) return true;
  const untilMs = clock.elapsedMs() + leaseMs;
  while (clock.elapsedMs() < untilMs) {
    await clock.sleep(1000, signal);
    if ((await renewedAtMs(file)) !== seen) return false;
  }
  return true;
};
