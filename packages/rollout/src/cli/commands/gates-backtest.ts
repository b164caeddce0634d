import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BacktestIncident, BacktestRule } from '@dhash/monitor';
import { pollTimes, type WatchPolicy } from '@dhash/quality-gates';
import {
  type Backtest,
  backtest,
  type Incident,
  type PastWatch,
  withConfidence,
} from '@dhash/quality-gates/tune';
import { isDecodable, strayPercent } from '../../config/url-credentials.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { formatDuration, formatTable } from '../../words/format.ts';
import { collect, type Register } from '../register.ts';
import { backtestHeadline } from './backtest-headline.ts';
import { collectSeries, writeBacktestPage } from './backtest-page.ts';
import { type GatesFlags, readPolicy } from './gates-files.ts';
import { ofGatesFile, withGatesFile } from './gates-options.ts';
import { readPromql } from './gates-promql.ts';

interface BacktestFlags extends GatesFlags {
  readonly env: string;
  readonly promql: string;
  readonly last: string;
  readonly step: string;
  readonly every: string;
  readonly until?: string;
  readonly selector?: string;
  readonly health: string;
  readonly incident: readonly string[];
  readonly html?: string;
}

export const registerBacktest: Register = (command, run) => {
  withGatesFile(
    command
      .requiredOption('--promql <url>', "Prometheus' address")
      .addOption(ofGatesFile())
      .option('--last <duration>', 'how far back', '30d')
      .option('--step <duration>', 'between points; polls must fall on it', '30s')
      .option('--every <duration>', 'between the starts of watches', '1h')
      .option('--until <time>', 'end of the time looked at (default: now)')
      .option(
        '--incident <from/to>',
        'a time that was bad, not quiet; may be repeated',
        collect,
        [],
      )
      .option('--selector <matchers>', 'labels of every series, e.g. job="dhash"')
      .option('--health <series>', '1 while the service is healthy, 0 while it is not', 'up')
      .option('--html <file>', 'write it as one page with charts, which loads nothing'),
  ).action((flags: BacktestFlags) =>
    run('gates backtest', flags, (context) => backtestGates(context, flags)),
  );
};

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const wrong = (message: string): RolloutError =>
  new RolloutError('bad-option', exitCodes.usage, message);

/** `30s`, `5m`, `1h`, `30d`, `4w`: whole ones, as Prometheus has them. */
const span = (option: string, text: string): number => {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ''] ?? Number.NaN);
  if (!(ms > 0)) throw wrong(`${option} ${text} is no duration: try 30s, 1h or 30d`);
  return ms;
};

const instant = (option: string, text: string): number => {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw wrong(`${option}: ${text} is no time: try 2026-11-12T03:00:00Z`);
  return at;
};

const incidentOf = (text: string): Incident => {
  const [from, to] = text.split('/');
  const incident = {
    from: instant('--incident', from ?? ''),
    to: instant('--incident', to ?? from ?? ''),
  };
  if (incident.to < incident.from) throw wrong(`--incident ${text} ends before it begins`);
  return incident;
};

/** The gates as they are written, then what their confidence is worth. */
const rulesOf = (policy: WatchPolicy): [rule: string, policy: WatchPolicy][] => {
  const others: [string, WatchPolicy][] = [
    ['confidence off', withConfidence(policy, null)],
    ['confidence 0.99', withConfidence(policy, 0.99)],
  ];
  const written = JSON.stringify(policy.gates);
  return [
    ['as written', policy],
    ...others.filter(([, { gates }]) => JSON.stringify(gates) !== written),
  ];
};

const iso = (at: number): string => new Date(at).toISOString();

const byGate = (watches: readonly PastWatch[]): string => {
  const counts = new Map<string, number>();
  for (const gate of watches.flatMap(({ broke }) => broke))
    counts.set(gate, (counts.get(gate) ?? 0) + 1);
  return [...counts].map(([gate, count]) => `${gate} ${count}`).join(', ');
};

type Rule = { readonly rule: string; readonly result: Backtest };

const countsOf = ({ rule, result: { quiet } }: Rule): BacktestRule => {
  const broken = quiet.filter(({ broke }) => broke.length > 0);
  return {
    rule,
    watches: quiet.length,
    broke: broken.length,
    inconclusive: quiet.filter(({ decision }) => decision === 'inconclusive').length,
    gates: byGate(broken),
  };
};

const caughtOf = ({ rule, result }: Rule): BacktestIncident[] =>
  result.incidents.map(({ from, to, watch }) => ({
    rule,
    from,
    to,
    decision: watch.decision,
    afterMs: watch.broke.length > 0 ? watch.at - from : null,
    broke: watch.broke,
  }));

/** Slides a watch over what a Prometheus recorded, and says how often each rule would have broken. */
const backtestGates = async (
  context: CommandContext,
  flags: BacktestFlags,
): Promise<CommandResult> => {
  const policy = await readPolicy(context, flags.gates, flags.env);
  const stepMs = span('--step', flags.step);
  const everyMs = span('--every', flags.every);
  const onGrid = (at: number) => Math.floor(at / stepMs) * stepMs;
  if (everyMs % stepMs !== 0 || pollTimes(policy).some((ms) => ms % stepMs !== 0))
    throw wrong(
      `--step ${flags.step}: polls of ${policy.environment} and --every ${flags.every} must fall on it; the first polls are ${policy.cadence.initialMs / 1000} s apart`,
    );
  if (!/^https?:$/.test(URL.parse(flags.promql)?.protocol ?? ''))
    throw wrong(`--promql ${flags.promql} is no address: try http://localhost:9090`);
  if (!isDecodable(new URL(flags.promql))) throw wrong(`the address of --promql ${strayPercent}`);
  if (flags.html !== undefined && !existsSync(dirname(resolve(context.cwd, flags.html))))
    throw wrong(`--html ${flags.html}: its folder does not exist`);
  const until = flags.until === undefined ? context.clock.now() : instant('--until', flags.until);
  const to = onGrid(until);
  const from = to - onGrid(span('--last', flags.last));
  const incidents = flags.incident
    .map(incidentOf)
    .map((incident) => ({ ...incident, from: onGrid(incident.from) }));

  const recording = await readPromql(policy, {
    ...{ url: flags.promql, from, to, stepMs, selector: flags.selector, health: flags.health },
    signal: context.signal,
  });
  for (const name of recording.missing)
    context.output.warn(`Prometheus has nothing of ${name} in that time`);
  const collected = collectSeries(policy);
  const rules = rulesOf(policy).map(([rule, tried], index): Rule => {
    const onPoll = flags.html !== undefined && index === 0 ? collected.onPoll : undefined;
    const result = backtest(tried, recording, { from, to, everyMs, incidents, onPoll });
    for (const watch of result.quiet)
      if (watch.broke.length > 0) context.output.event({ type: 'broke', rule, ...watch });
    return { rule, result };
  });
  const counts = rules.map(countsOf);
  const caught = rules.flatMap(caughtOf);
  const watches = counts[0]?.watches ?? 0;
  context.output.line(
    `${policy.environment}: ${watches} quiet watches of ${formatDuration(policy.durationMs)}, one begun every ${flags.every} from ${iso(from)} to ${iso(to)}`,
  );
  const rows = counts.map(({ rule, broke, inconclusive, gates }) => [
    rule,
    `${broke} of ${watches}`,
    String(inconclusive),
    gates,
  ]);
  for (const row of formatTable([['gates', 'broke', 'inconclusive', 'by gate'], ...rows]))
    context.output.line(row);
  for (const { rule, from: began, decision, afterMs, broke } of caught)
    context.output.line(
      `incident of ${iso(began)}, ${rule}: ${afterMs === null ? `not caught (${decision})` : `caught after ${formatDuration(afterMs)} by ${broke.join(', ')}`}`,
    );
  const headline = backtestHeadline({ policy, everyMs, counts, caught });
  for (const sentence of headline) context.output.line(sentence);
  const html =
    flags.html === undefined
      ? null
      : await writeBacktestPage(context, flags.html, {
          policy,
          from,
          to,
          everyMs,
          source: new URL(flags.promql).host,
          headline,
          rules: counts,
          watches: rules[0]?.result.quiet ?? [],
          incidents: caught,
          series: collected.series,
        });
  return {
    exit: watches === 0 && caught.length === 0 ? exitCodes.inconclusive : exitCodes.done,
    fields: {
      ...{ from: iso(from), to: iso(to), stepMs, everyMs, missing: recording.missing },
      rules: counts,
      incidents: caught.map((incident) => ({
        ...incident,
        from: iso(incident.from),
        to: iso(incident.to),
      })),
      headline,
      html,
    },
  };
};
