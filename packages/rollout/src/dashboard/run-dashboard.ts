import { dirname } from 'node:path';
import type { CommandContext } from '../environment/context.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { dashboardOf } from './gather-view.ts';
import { metricsText } from './metrics-text.ts';
import { serveDashboard } from './serve.ts';
import { serveMetrics } from './serve-metrics.ts';
import { dashboardToken } from './token.ts';

/** Where a dashboard listens, unless told otherwise. */
const defaultPort = 7317;

/**
 * A port as it is typed.
 *
 * @param option how it is called, for the message
 * @throws RolloutError `bad-port` (exit 2)
 */
const portIn = (option: string, text: string): number => {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new RolloutError(
    'bad-port',
    exitCodes.usage,
    `${option} ${text}: expected a number from 0 (any that is free) to 65535`,
  );
};

/** What is served beside a command, as it is typed; each left out where it was not asked for. */
export interface ServedFlags {
  readonly dashboard?: boolean;
  readonly port?: string;
  readonly metricsPort?: string;
}

/** What listens, and how it is closed. */
interface Served {
  readonly what: string;
  readonly address: string;
  close(): Promise<void>;
}

const refused = (what: string, port: number, cause: unknown): RolloutError =>
  new RolloutError(
    'dashboard-failed',
    exitCodes.usage,
    `the ${what} can't be served on 127.0.0.1:${port}: ${messageOf(cause)}`,
    { hints: ['another one may run already; port 0 takes one that is free'], cause },
  );

const serveOne = async (
  what: string,
  port: number,
  serve: () => Promise<Omit<Served, 'what'>>,
): Promise<Served> => {
  try {
    const { address, close } = await serve();
    return { what, address, close };
  } catch (error) {
    throw refused(what, port, error);
  }
};

/** What was asked for, each not begun yet. @throws RolloutError `bad-port` */
const asked = (
  context: CommandContext,
  env: string | null,
  { dashboard, port, metricsPort }: ServedFlags,
): (() => Promise<Served>)[] => {
  const shows = dashboardOf(context, { env });
  const { clock, signal } = context;
  const pagePort = port === undefined ? defaultPort : portIn('--port', port);
  const scraped = metricsPort === undefined ? null : portIn('--metrics-port', metricsPort);
  const page = () =>
    serveOne('dashboard', pagePort, async () => {
      const token = await dashboardToken(dirname(context.configFile));
      return serveDashboard(shows, { port: pagePort, token, clock, signal });
    });
  const metrics = (on: number) => () =>
    serveOne('metrics', on, () => serveMetrics(async () => metricsText(await shows.newest()), on));
  return [...(dashboard === true ? [page] : []), ...(scraped === null ? [] : [metrics(scraped)])];
};

const told = ({ output }: CommandContext, { what, address }: Served): void => {
  output.line(`${what}: ${address}`);
  output.event({ type: 'serving', what, address });
};

/**
 * Serves dashboard and metrics of this folder's runs until the command is interrupted.
 *
 * @throws RolloutError `dashboard-failed` (exit 2): a port is taken, or the token can't be kept
 */
export const serveUntilStopped = async (
  context: CommandContext,
  env: string | null,
  flags: Omit<ServedFlags, 'dashboard'>,
): Promise<void> => {
  const serving: Served[] = [];
  try {
    for (const begin of asked(context, env, { ...flags, dashboard: true })) {
      const one = await begin();
      serving.push(one);
      told(context, one);
    }
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    for (const one of serving) await one.close();
  }
};

/** Runs `work` with what was asked for served beside it. What can't be served is a warning: it is for people. */
export const withServed = async <T>(
  context: CommandContext,
  env: string,
  flags: ServedFlags,
  work: () => Promise<T>,
): Promise<T> => {
  const serving: Served[] = [];
  for (const begin of asked(context, env, flags)) {
    try {
      const one = await begin();
      serving.push(one);
      told(context, one);
    } catch (error) {
      context.output.warn(messageOf(error));
    }
  }
  try {
    return await work();
  } finally {
    for (const one of serving) await one.close();
  }
};
