import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { freePort } from './free-port.ts';
import { tempFolder } from './temp-folder.ts';

/** A page as a service gives it. */
export interface ScrapedPage {
  readonly body: Buffer;
  readonly contentType: string;
}

/** What Prometheus made of a page: `taken` where `up` is 1, and then its series, those without a timestamp. */
export type Scraped =
  | {
      readonly taken: true;
      readonly series: readonly {
        readonly metric: Readonly<Record<string, string>>;
        readonly value: string;
      }[];
    }
  | { readonly taken: false; readonly reason: string };

const ask = async (url: string, path: string): Promise<unknown> => {
  const answer = await fetch(`${url}/api/v1/${path}`).catch(() => null);
  if (answer?.ok !== true) return null;
  const { data } = (await answer.json()) as { data: unknown };
  return data;
};

type Vector = { result: { metric: Record<string, string>; value: [number, string] }[] };
type Targets = {
  activeTargets: { labels: Record<string, string>; lastError: string; health: string }[];
};

/** Labels that Prometheus adds to a series, and one of ours by which pages are told apart. */
const added = new Set(['job', 'instance', 'page']);

const startScraping = async (config: unknown): Promise<{ url: string; server: ChildProcess }> => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'prometheus.json'), JSON.stringify(config));
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.json')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = once(server, 'exit');
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  return { url: `http://127.0.0.1:${port}`, server };
};

/** Serves each page at a path of its own. */
const servePages = async (pages: readonly ScrapedPage[]): Promise<number> => {
  const server = createServer(({ url }, response) => {
    const page = pages[Number(url?.slice(1))];
    response.writeHead(page === undefined ? 404 : 200, {
      'content-type': page?.contentType ?? 'text/plain',
    });
    response.end(page?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

/** Lets a real Prometheus scrape each page once, and says what it made of it, in their order. */
export const scrapeWithPrometheus = async (pages: readonly ScrapedPage[]): Promise<Scraped[]> => {
  const port = await servePages(pages);
  const { url, server } = await startScraping({
    // A scrape is tried once an interval; a busy machine is slow at a thousand.
    global: { scrape_interval: '20s', scrape_timeout: '20s' },
    scrape_configs: [
      {
        job_name: 'pages',
        static_configs: pages.map((_, index) => ({
          targets: [`127.0.0.1:${port}`],
          labels: { __metrics_path__: `/${index}`, page: String(index) },
        })),
      },
    ],
  });
  for (;;) {
    if (server.exitCode !== null) throw new Error('prometheus ended');
    const targets = (await ask(url, 'targets')) as Targets | null;
    const tried = targets?.activeTargets.filter(({ health }) => health !== 'unknown').length ?? 0;
    if (tried >= pages.length) break;
    await delay(250);
  }
  const up = (await ask(url, 'query?query=up')) as Vector;
  const takenPages = new Set(
    up.result.filter(({ value }) => value[1] === '1').map(({ metric }) => metric['page']),
  );
  const all = (await ask(
    url,
    `query?query=${encodeURIComponent('{page!="",__name__!~"up|scrape_.*"}')}`,
  )) as Vector;
  const targets = (await ask(url, 'targets')) as Targets;
  const reasons = new Map(
    targets.activeTargets.map(({ labels, lastError }) => [labels['page'], lastError]),
  );
  const byPage = new Map<string | undefined, Vector['result']>();
  for (const one of all.result)
    byPage.set(one.metric['page'], [...(byPage.get(one.metric['page']) ?? []), one]);
  return pages.map((_, index): Scraped => {
    const page = String(index);
    if (!takenPages.has(page)) return { taken: false, reason: reasons.get(page) ?? '' };
    const series = (byPage.get(page) ?? []).map(({ metric, value }) => ({
      metric: Object.fromEntries(Object.entries(metric).filter(([label]) => !added.has(label))),
      value: value[1],
    }));
    return { taken: true, series };
  });
};

/** A real Prometheus that scrapes these addresses (`host:port`) at `/metrics` each second; gives its own address. */
export const startScrapingPrometheus = async (addresses: readonly string[]): Promise<string> => {
  const { url, server } = await startScraping({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'service', static_configs: [{ targets: addresses }] }],
  });
  for (;;) {
    if (server.exitCode !== null) throw new Error('prometheus ended');
    const up = (await ask(url, 'query?query=up%20%3D%3D%201')) as Vector | null;
    if (up?.result.length === addresses.length) return url;
    await delay(250);
  }
};
