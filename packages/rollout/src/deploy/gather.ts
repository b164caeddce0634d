import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { takeArmingSamples, takeBaseline } from '@dhash/monitor';
import { checkChannels } from '@dhash/notifier';
import type { PolledSample, WatchPolicy } from '@dhash/quality-gates';
import { gateWarnings, refusingLooks } from '@dhash/quality-gates/config';
import { lookElsewhere } from '../backup/look-elsewhere.ts';
import { onDisk } from '../config/data-source.ts';
import { gatherDrill } from '../drill/gather-drill.ts';
import { planDrill } from '../drill/plan-drill.ts';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { metricsWarning } from '../environment/metrics-warning.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { earlierDowntimes } from '../record/expected-downtime.ts';
import { listRuns, newestChange, type RecordedRun } from '../record/runs.ts';
import { lookLines, lookOnSamples } from './look-at-gates.ts';
import { lookAtMigrations } from './migrate-data.ts';
import type { DeployFacts } from './plan.ts';

/** Longest wait for a port to answer, ms. */
const portTimeoutMs = 500;

export interface GatheredDeploy {
  /** Without the gates' judgement of what runs now: see {@link judgeRunning}. */
  readonly facts: DeployFacts;
  readonly policy: WatchPolicy;
}

const answersAt = (url: string): Promise<boolean> => {
  const { hostname, port, protocol } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      timeout: portTimeoutMs,
    });
    const settle = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
};

/** The environment's channels as far as that can be told without asking their servers. */
const channelFacts = ({ config }: Environment): DeployFacts['channels'] =>
  checkChannels(config.channels).map(({ channel, state, problems }) => ({
    name: channel,
    on: state !== 'off',
    problem: state === 'on' ? null : problems.join('; '),
  }));

const isLoopback = (url: string): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

/** The newest closed run that moved this version in or out, where it took it out. */
const rolledBackBy = (
  runs: readonly RecordedRun[],
  version: string,
): DeployFacts['rolledBackBy'] => {
  const last = runs.find(
    ({ state }) =>
      state.closed &&
      ((state.kind === 'deploy' && state.version === version) ||
        (state.kind === 'rollback' &&
          (state.rolledBack?.from === version || state.rolledBack?.to === version))),
  );
  const moved = last?.state.rolledBack;
  return last?.state.status === 'rolled back' && moved?.from === version && moved.to !== version
    ? { run: last.state.run, at: last.state.endedAt ?? last.state.openedAt }
    : null;
};

const lookAtDatabases = async ({ config }: Environment): Promise<DeployFacts['databases']> => {
  const restores = config.rollback.data !== 'keep';
  const looked = config.data.map(async (source) => ({
    name: source.name,
    problems: await lookElsewhere(source, { restores }),
  }));
  return (await Promise.all(looked)).flatMap(({ name, problems }) =>
    problems === null ? [] : [{ name, problems }],
  );
};

const versionToDeploy = async (environment: Environment, asked: string | null): Promise<string> => {
  if (asked !== null) return asked;
  const target = environment.target({ runId: 'preflight', version: null, previous: null });
  const newest = (await target.versions())[0];
  if (newest !== undefined) return newest;
  throw new RolloutError(
    'no-artifact',
    exitCodes.usage,
    `the target has no artifact to deploy (${target.describe().join('; ')})`,
    { hints: ['build one (here: npm run build), or name a release with --version'] },
  );
};

/** What arming saw of the release that runs before the deploy; the baseline of the watch. */
export interface Judged {
  readonly baseline: readonly PolledSample[];
  readonly alreadyBroken: DeployFacts['alreadyBroken'];
  readonly blind: DeployFacts['blind'];
  /** A line a gate, and what is to be known of the certificate. */
  readonly lines: readonly string[];
}

/** Judges every gate on the running release. It takes its time, so a deploy that is refused anyway skips it. */
export const judgeRunning = async (
  context: CommandContext,
  environment: Environment,
  { policy, facts: { current } }: GatheredDeploy,
  expect: readonly string[],
): Promise<Judged> => {
  if (current === null) return { baseline: [], alreadyBroken: [], blind: [], lines: [] };
  context.output.line(
    policy.baseline === null
      ? `judging the gates on the running release ${current}: ${policy.arming.polls} samples, ${policy.arming.everyMs / 1000} s apart`
      : `judging the gates on the running release ${current}: a baseline of ${policy.baseline.durationMs / 1000} s`,
  );
  const take = policy.baseline === null ? takeArmingSamples : takeBaseline;
  const baseline = await take({
    policy,
    ...environment.probes({ version: current, policy }),
    clock: context.clock,
    signal: context.signal,
  });
  const look = await lookOnSamples(context, environment, {
    policy,
    samples: baseline,
    version: current,
    expect,
  });
  const refusing = refusingLooks(policy, look.gates);
  return {
    baseline,
    alreadyBroken: refusing.filter(({ state }) => state === 'beyond'),
    blind: refusing.filter(({ state }) => state === 'blind'),
    lines: lookLines(look),
  };
};

/**
 * What a deploy needs to know, read-only: the target and its artifact, the data, the runs before,
 * and the migrations tried on a copy.
 */
export const gatherDeploy = async (
  context: CommandContext,
  environment: Environment,
  asked: { readonly version: string | null },
): Promise<GatheredDeploy> => {
  const { config, layout } = environment;
  const policy = await environment.policy();
  const version = await versionToDeploy(environment, asked.version);
  const target = environment.target({ runId: 'preflight', version, previous: null });
  const current = await target.current();
  const runs = await listRuns(layout, config.env);
  const newest = newestChange(runs);
  const data = onDisk(config.data).map(({ name, path }) => ({
    name,
    path,
    exists: existsSync(path),
  }));
  const taken =
    current === null && isLoopback(config.url) && (await answersAt(config.url)) ? config.url : null;
  return {
    policy,
    facts: {
      service: config.service,
      env: config.env,
      url: config.url,
      version,
      current,
      artifactExists: await target.hasVersion(version),
      prunable: await target.prunable(version),
      earlier: earlierDowntimes(runs, 'deploy'),
      canGoBack: current === null || (await target.hasVersion(current)),
      data,
      newest:
        newest === null
          ? null
          : {
              run: newest.state.run,
              version: newest.state.version,
              closed: newest.state.closed,
            },
      rolledBackBy: rolledBackBy(runs, version),
      portTakenAt: taken,
      alreadyBroken: [],
      blind: [],
      gateNames: Object.keys(policy.gates),
      watch: {
        durationMs: policy.durationMs,
        onBreak: policy.onBreak,
        fingerprint: policy.fingerprint,
        warnings: [...gateWarnings(policy), ...metricsWarning(policy, config.metrics.length > 0)],
      },
      migrations: await lookAtMigrations(config, version, context.clock.now),
      databases: await lookAtDatabases(environment),
      rollbackData: config.rollback.data,
      drill: config.backup.drill.beforeDeploy
        ? planDrill(await gatherDrill(config, current))
        : null,
      hasSmoke: config.smoke !== null,
      channels: channelFacts(environment),
      requireChannels: config.requireChannels,
    },
  };
};
