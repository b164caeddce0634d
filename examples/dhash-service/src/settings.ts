import { join } from 'node:path';
import { z } from 'zod';
import { ServiceError } from './errors.ts';

/** Where a service listens and where its data lies. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly base: string;
  readonly images: string;
  readonly database: string;
  readonly log: string;
  readonly pidFile: string;
}

const environmentSchema = z.object({
  ROLLOUT_URL: z.url({ protocol: /^http$/ }).default('http://127.0.0.1:5001'),
});

/** The data's places under `base`. */
export const placesIn = (base: string) => ({
  base,
  images: join(base, 'images'),
  database: join(base, 'library.db'),
  log: join(base, 'dhash.log'),
  pidFile: join(base, 'dhash.pid'),
});

/**
 * Reads the address from ROLLOUT_URL (default http://127.0.0.1:5001): it listens on the port there, and
 * on the loopback address unless the URL names another numeric one.
 *
 * @throws ServiceError `configuration`
 */
export const parseSettings = (env: Record<string, string | undefined>, base: string): Settings => {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success)
    throw new ServiceError(
      'configuration',
      `ROLLOUT_URL is to be like http://127.0.0.1:5001, it is ${JSON.stringify(env['ROLLOUT_URL'])}`,
    );
  const url = new URL(parsed.data.ROLLOUT_URL);
  const host = /^[\d.]+$/.test(url.hostname) ? url.hostname : '127.0.0.1';
  return { host, port: Number(url.port || 80), ...placesIn(base) };
};
