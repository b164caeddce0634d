import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { messageOf, ServiceError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { daemonArguments, runningDaemon } from './running-process.ts';

/** How long a daemon may take until it listens. */
const patienceMs = 20_000;

const refuseTakenPort = (host: string, port: number) =>
  new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new ServiceError(
              'port-in-use',
              `port ${port} on ${host} is in use by another program; end it, or set ROLLOUT_URL (in rollout.yaml: url) to a free port`,
            )
          : new ServiceError('not-started', `can't listen on ${host}:${port}: ${error.message}`),
      ),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });

const listening = (child: ChildProcess) =>
  new Promise<string | null>((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(`it did not listen within ${patienceMs / 1000} s`);
    }, patienceMs);
    const settle = (reason: string | null) => {
      clearTimeout(timer);
      resolve(reason);
    };
    child.once('message', () => settle(null));
    child.once('error', (error) => settle(error.message));
    child.once('exit', (code, signal) => settle(`it ended with ${signal ?? `exit code ${code}`}`));
  });

/** The reason that the daemon itself gave, from what it wrote to its log since `from` (bytes). */
const lastReason = async (log: string, from: number): Promise<string> => {
  const lines = (await readFile(log)).subarray(from).toString('utf8').trim().split('\n');
  const last = lines.at(-1) ?? '';
  try {
    const { reason } = JSON.parse(last) as { reason?: unknown };
    return typeof reason === 'string' ? reason : last;
  } catch {
    return last;
  }
};

/**
 * Starts the release as a daemon of its own session; returns once it listens. Where it runs already,
 * nothing is done.
 *
 * @returns one sentence for the operator
 * @throws ServiceError `port-in-use`, `other-release-running`, `not-started`
 */
export const startDaemon = async (releaseFolder: string, settings: Settings): Promise<string> => {
  const { base, host, port, log, pidFile } = settings;
  const server = join(releaseFolder, 'server.js');
  const running = await runningDaemon(pidFile, base);
  if (running !== null) {
    if (running.commandLine.includes(`${server} `)) return `running already as pid ${running.pid}`;
    throw new ServiceError(
      'other-release-running',
      `another release runs on ${base} as pid ${running.pid} (${running.commandLine}); run its ./stop.sh first`,
    );
  }
  await stat(base).catch((error) => {
    throw new ServiceError('not-started', `there is no data folder ${base}`, { cause: error });
  });
  await refuseTakenPort(host, port);

  const output = await open(log, 'a', 0o600);
  try {
    const { size } = await output.stat();
    const child = spawn(process.execPath, daemonArguments(server, base), {
      cwd: base,
      detached: true,
      stdio: ['ignore', output.fd, output.fd, 'ipc'],
    });
    const listens = listening(child);
    if (child.pid !== undefined) await writeFile(pidFile, `${child.pid}\n`, { mode: 0o600 });
    const failure = await listens;
    if (failure !== null)
      throw new ServiceError(
        'not-started',
        `the service did not start: ${failure}: ${await lastReason(log, size)} (log: ${log})`,
      );
    child.unref();
    if (child.connected) child.disconnect();
    return `started as pid ${child.pid}, listening on ${host}:${port}, data in ${base}, log in ${log}`;
  } finally {
    await output.close();
  }
};

/** For the command line: any failure as one line. */
export const sentenceOf = (error: unknown): string => `error: ${messageOf(error)}`;
