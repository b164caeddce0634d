import type { SeenService } from './service-answers.ts';

const TIMEOUT_MS = 3000;
const healthPaths = ['/health', '/healthz', '/-/healthy', '/actuator/health', '/status', '/'];
const metricsPaths = ['/metrics', '/actuator/prometheus'];

/** A page at an address; `null`: none, or none that is OK. */
export type GetPage = (path: string) => Promise<string | null>;

/** @param url of the service @param signal ends the look */
export const getFrom =
  (url: string, signal: AbortSignal): GetPage =>
  async (path) => {
    try {
      const answer = await fetch(`${url}${path}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return answer.ok ? await answer.text() : null;
    } catch {
      if (signal.aborted) throw signal.reason;
      // Nobody is there: that is what there is to say of it.
      return null;
    }
  };

const firstThat = async (
  paths: readonly string[],
  get: GetPage,
  fits: (text: string) => boolean,
): Promise<{ path: string; text: string } | null> => {
  for (const path of paths) {
    const text = await get(path);
    if (text !== null && fits(text)) return { path, text };
  }
  return null;
};

const jsonOf = (text: string): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
};

/** Asks a service for its health and its metrics, where most have them. */
export const lookAtService = async (get: GetPage): Promise<SeenService> => {
  const health = await firstThat(healthPaths, get, () => true);
  const metrics = await firstThat(metricsPaths, get, (text) => /^# (TYPE|HELP) /m.test(text));
  if (health === null) return { health: null, metrics };
  const json = jsonOf(health.text);
  const status = json['status'];
  const version = ['version', 'release', 'build'].find((field) => typeof json[field] === 'string');
  return {
    health: {
      path: health.path,
      expect: typeof status === 'string' ? { status } : {},
      version: version ?? null,
    },
    metrics,
  };
};
