import type { EnvironmentConfig } from '../config/types.ts';
import { elapsedMsOf } from '../process/clock.ts';
import type { Wanted } from '../process/open-files.ts';
import { isTargetError, type StartableTarget, type Target, type TargetRun } from './types.ts';
import { lookAtService, type Stopped, type StoppedLook, untilStopped } from './until-stopped.ts';

/** Most that one look at the address takes, ms. */
const askMs = 2000;

/** What a process of the service would have open: folders, and databases with the files beside them. */
export const dataFiles = ({ data }: Pick<EnvironmentConfig, 'data'>): Wanted => ({
  folders: data.flatMap((source) => (source.type === 'files' ? [source.path] : [])),
  files: data.flatMap((source) =>
    source.type === 'sqlite'
      ? ['', '-wal', '-shm', '-journal'].map((suffix) => `${source.path}${suffix}`)
      : [],
  ),
});

/** What could not be told of a stop, in a sentence; `null`: all was looked at. */
const notSeen = (
  url: string,
  hasData: boolean,
  { stillAnswers, unseen }: Stopped,
): string | null => {
  const answers =
    stillAnswers === null
      ? null
      : `${url} still answers (${stillAnswers}), which need not be this service: a gateway, or other machines`;
  const files = !hasData
    ? 'no files of its data can be looked at'
    : unseen === null
      ? 'whether a process has the data open can be told on Linux only'
      : unseen > 0
        ? `the open files of ${unseen} processes of other users could not be looked at`
        : null;
  if (answers !== null) return files === null ? answers : `${answers}; ${files}`;
  return hasData ? files : null;
};

/** A look at the real service of an environment. */
const realLook = (config: EnvironmentConfig): StoppedLook =>
  lookAtService(new URL(config.health.path, config.url).href, dataFiles(config), {
    timeoutMs: Math.min(askMs, config.health.timeoutMs),
    check: config.target.stopCheck,
  });

/**
 * A target whose stop is believed only when it is seen: the address is silent, and nobody has the data open. An undo
 * starts a service again only once it is gone, and leaves one that answers alone: two would fight for the port and the
 * data. Where only something of it holds the data, the service is down, and is started.
 */
export const verifiedTarget = (
  target: StartableTarget,
  config: EnvironmentConfig,
  run: TargetRun,
  look: StoppedLook = realLook(config),
): Target => {
  const url = new URL(config.health.path, config.url).href;
  const { stopCheck, stopTimeoutMs: limitMs } = config.target;
  const { files, folders } = dataFiles(config);
  let stayed = false;

  const wait = (): Promise<Stopped> =>
    untilStopped(look, url, {
      limitMs,
      sleep: (ms) => run.clock.sleep(ms),
      elapsedMs: () => elapsedMsOf(run.clock),
    });

  const goesAtLast = async (): Promise<boolean> => {
    try {
      await wait();
      return true;
    } catch (error) {
      if (isTargetError(error) && error.code === 'still-running') return false;
      throw error;
    }
  };

  const startAgain = async (): Promise<void> => {
    if (stopCheck !== 'none' && !(await goesAtLast())) {
      const answer = await look.address();
      if (answer.kind === 'answers' && answer.isProof) {
        run.onNotice?.('the service was not started again: it still runs, and answers');
        return;
      }
      run.onNotice?.('the service is started again beside what its stop left on the data');
    }
    stayed = false;
    await target.start();
  };

  return {
    ...target,
    stop: async () => {
      // Until it is seen: a stop command that failed or was cut off may have left the service running, too.
      stayed = stopCheck !== 'none';
      await target.stop();
      if (stopCheck === 'none') return;
      const stopped = await wait();
      stayed = false;
      const told = notSeen(url, files.length + folders.length > 0, stopped);
      const tell = stopped.stillAnswers === null ? run.onDetail : run.onNotice;
      if (told !== null) tell?.(`after stop: ${told}`);
    },
    start: () => (stayed ? startAgain() : target.start()),
    startAgain,
  };
};
