import { readdir, stat } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { watchPart } from '@dhash/monitor';
import { isConfigError } from '../config/config-error.ts';
import { layoutsOf, surveyAll } from '../environment/all-layouts.ts';
import type { CommandContext } from '../environment/context.ts';
import { openEnvironment } from '../environment/environment.ts';
import { lookAtLock } from '../environment/lock.ts';
import { isRolloutError } from '../errors.ts';
import { gatherRunPage } from '../pages/gather-run-page.ts';
import { renderRunPage } from '../pages/render-run-page.ts';
import type { RunPage } from '../pages/run-page.ts';
import { kindsWithPage } from '../pages/write-run-pages.ts';
import type { Layout } from '../record/layout.ts';
import type { RecordedRun, Survey } from '../record/runs.ts';
import type { Holding } from '../record/standing.ts';
import { holdingNow } from '../takeover/holding-now.ts';
import { type HistoryRow, historyRow } from './history-rows.ts';
import { type DashboardView, renderDashboard, renderView } from './render-dashboard.ts';
import type { Shows } from './serve.ts';

/** Runs in the list. */
const mostRuns = 30;

/** Who works on an environment now; where its configuration can't be read, nobody that we know of. */
const heldNow = async (context: CommandContext, { state }: RecordedRun): Promise<Holding> => {
  try {
    const { lockFile } = await openEnvironment(context, state.env);
    return holdingNow((await lookAtLock(lockFile)).lock, state);
  } catch (error) {
    if (!isConfigError(error) && !isRolloutError(error)) throw error;
    return 'free';
  }
};

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

/** How long the newest records and samples of a place are: what tells that something was written. */
const sizesIn = async (layout: Layout): Promise<unknown> => {
  const names: string[] = [];
  for (const folder of [layout.shared?.runs, layout.rollouts])
    if (folder !== undefined)
      names.push(...(await readdir(folder).catch(() => [])).sort().slice(-mostRuns));
  return Promise.all(
    names.map(async (run) => {
      const { journal, samples } = layout.run(run);
      return [run, await sizeOf(journal), await sizeOf(samples)];
    }),
  );
};

/** What a dashboard shows, read from records and samples; of runs that are closed, once. */
export const dashboardOf = (
  context: CommandContext,
  { env }: { readonly env: string | null },
): Shows & { readonly newest: () => Promise<RunPage | null> } => {
  const root = dirname(context.configFile);
  const rows = new Map<string, HistoryRow>();
  const shown = (path: string) => {
    const below = relative(root, path);
    return below.startsWith('..') ? path : below;
  };

  const layoutOfRun = async (run: string): Promise<Layout | null> => {
    for (const layout of await layoutsOf(context))
      if ((await sizeOf(layout.run(run).journal)) > 0) return layout;
    return null;
  };
  const pageOf = async (one: RecordedRun, held: Holding): Promise<RunPage | null> => {
    const { run } = one.state;
    const layout = await layoutOfRun(run);
    const of = { run, events: one.events };
    return layout === null
      ? null
      : ((await gatherRunPage(layout, of, { held, shown }))?.page ?? null);
  };
  const rowOf = async (one: RecordedRun): Promise<HistoryRow[]> => {
    const key = one.state.head;
    const known = rows.get(key);
    if (known !== undefined) return [known];
    const page = await pageOf(one, 'free');
    if (page === null) return [];
    const row = historyRow(page, page.watch === null ? null : watchPart(page.watch));
    if (one.state.closed) rows.set(key, row);
    return [row];
  };

  const newest = async ({ runs }: Pick<Survey, 'runs'>): Promise<RunPage | null> => {
    const one = runs.find(({ state }) => kindsWithPage.includes(state.kind));
    return one === undefined ? null : pageOf(one, await heldNow(context, one));
  };
  const read = async (): Promise<DashboardView> => {
    const survey = await surveyAll(context, env);
    const history: HistoryRow[] = [];
    for (const one of survey.runs.slice(0, mostRuns)) history.push(...(await rowOf(one)));
    return {
      page: await newest(survey),
      history,
      broken: survey.broken,
      atMs: context.clock.now(),
    };
  };

  return {
    newest: async () => newest(await surveyAll(context, env)),
    page: async (path) => {
      if (path === '/') return renderDashboard(await read());
      const run = /^\/run\/([^/]+)$/.exec(path)?.[1];
      if (run === undefined) return null;
      const { runs } = await surveyAll(context, env);
      const one = runs.find(({ state }) => state.run === decodeURIComponent(run));
      const page = one === undefined ? null : await pageOf(one, await heldNow(context, one));
      return page === null ? null : renderRunPage(page);
    },
    view: async () => renderView(await read()),
    version: async () => {
      const sizes = (await layoutsOf(context)).map(sizesIn);
      return JSON.stringify(await Promise.all(sizes));
    },
  };
};
