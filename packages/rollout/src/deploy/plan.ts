import type { DrillPlan } from '../drill/plan-drill.ts';
import { tooFew } from '../notify/too-few-channels.ts';
import type { DownSpan } from '../record/downtime.ts';
import type { DeployStep } from '../record/events.ts';
import type { RunState } from '../record/run-state.ts';
import type { RollbackData } from '../record/way-back.ts';
import { planSentences } from './plan-sentences.ts';
import { stepsOf } from './planned-steps.ts';

/** What a deploy found before it changed anything. Plain data: it goes on the record whole. */
export interface DeployFacts {
  readonly service: string;
  readonly env: string;
  readonly url: string;
  readonly version: string;
  /** Release that the target runs now; `null`: none. */
  readonly current: string | null;
  readonly artifactExists: boolean;
  /** Whether the target can activate `current` again. */
  readonly canGoBack: boolean;
  readonly data: readonly {
    readonly name: string;
    readonly path: string;
    readonly exists: boolean;
  }[];
  /** The environment's newest deploy, migration or rollback. */
  readonly newest: Pick<RunState, 'run' | 'version' | 'closed'> | null;
  /** The run that rolled this version back, if one did. */
  readonly rolledBackBy: { readonly run: string; readonly at: string } | null;
  /** A loopback address that already answers although no release is active. */
  readonly portTakenAt: string | null;
  /** Gates already beyond their threshold on the running release; each sentence names its gate. */
  readonly alreadyBroken: readonly { readonly gate: string; readonly sentence: string }[];
  /** Gates that can't be judged on the running release; each sentence says why. */
  readonly blind: readonly { readonly gate: string; readonly sentence: string }[];
  readonly gateNames: readonly string[];
  readonly watch: {
    readonly durationMs: number;
    readonly onBreak: string;
    readonly fingerprint: string;
    readonly warnings: readonly string[];
  };
  readonly migrations: {
    readonly pending: readonly string[];
    readonly withoutDown: readonly string[];
    readonly online: boolean;
    /** What a run on a copy of the data showed; `null` where there is nothing to try. */
    readonly trial: string | null;
    /** How long they took there, ms. */
    readonly trialMs?: number | null;
  } | null;
  /** What of the data lies on no disk (a database's server, behind commands), and what would keep each from a backup or a restore. */
  readonly databases: readonly { readonly name: string; readonly problems: readonly string[] }[];
  /** Old releases that go once this one is taken as good; left out: none. */
  readonly prunable?: readonly string[];
  /** How long the service was down in earlier deploys, the newest first; left out: none is on record. */
  readonly earlier?: readonly DownSpan[];
  readonly rollbackData: RollbackData;
  /** What a restore drill of the backup would do; `null`: backup.drill does not ask for one. */
  readonly drill: DrillPlan | null;
  readonly hasSmoke: boolean;
  readonly channels: readonly {
    readonly name: string;
    readonly on: boolean;
    /** Why it is off, or why its settings can't work; `null`: nothing is wrong with them. */
    readonly problem: string | null;
  }[];
  /** Channels that must take a test before anything changes; 0: none. */
  readonly requireChannels: number;
}

export interface DeployOptions {
  readonly backupFirst: boolean;
  readonly supersede: boolean;
  readonly retryVersion: boolean;
  readonly reason: string | null;
  readonly disarm: readonly string[];
  /** Gates whose metrics come with the release. */
  readonly expect: readonly string[];
}

export type DeployPlan =
  | {
      readonly kind: 'go';
      readonly version: string;
      readonly previous: string | null;
      readonly first: boolean;
      readonly steps: readonly DeployStep[];
      readonly disarmed: readonly string[];
      readonly expected: readonly string[];
      readonly supersedes: string | null;
      readonly sentences: readonly string[];
      readonly warnings: readonly string[];
    }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly exit: 2 | 7;
      readonly message: string;
      readonly hints: readonly string[];
    };

const refused = (
  code: string,
  message: string,
  hints: readonly string[] = [],
  exit: 2 | 7 = 2,
): DeployPlan => ({ kind: 'refused', code, exit, message, hints });

/** First reason not to deploy, in the order in which a person would want to hear it. */
const refusal = (facts: DeployFacts, options: DeployOptions, first: boolean): DeployPlan | null => {
  const { env, version, current } = facts;
  if (!facts.artifactExists)
    return refused('no-artifact', `there is no artifact of release ${version} to deploy`, [
      'build it, or name one that exists with --version',
    ]);
  if (facts.rolledBackBy !== null && !options.retryVersion) {
    return refused(
      'rolled-back-before',
      `release ${version} was rolled back by run ${facts.rolledBackBy.run} at ${facts.rolledBackBy.at}`,
      [`if its cause is gone: --retry-version --reason "…"`],
    );
  }
  if ((options.retryVersion || options.disarm.length > 0) && options.reason === null)
    return refused(
      'reason-missing',
      '--retry-version and --disarm need --reason "…": it goes on the record',
    );
  for (const [flag, named] of [
    ['--disarm', options.disarm],
    ['--expect', options.expect],
  ] as const) {
    const unknown = named.find((gate) => !facts.gateNames.includes(gate));
    if (unknown !== undefined)
      return refused(
        'unknown-gate',
        `${flag} ${unknown}: no such gate; there are ${facts.gateNames.join(', ')}`,
      );
  }
  const unready = facts.databases.flatMap(({ name, problems }) =>
    problems.map((what) => `${name}: ${what}`),
  );
  if (unready.length > 0)
    return refused(
      'database-not-ready',
      `data can't be backed up, or put back: ${unready.join('; ')}`,
      [`mend that, and look again: npx dhash-rollout doctor --env ${env}`],
    );
  const missing = facts.data.filter((source) => !source.exists);
  if (!first && missing.length > 0) {
    return refused(
      'data-missing',
      `data is missing: ${missing.map(({ name, path }) => `${name} (${path})`).join(', ')}; ` +
        (current === null
          ? 'part of the declared data exists, so this is no first deploy'
          : `release ${current} is active, so it should be there`),
      [
        'correct the paths under "data" in rollout.yaml, or restore it: npx dhash-rollout rollback --backup FILE',
      ],
    );
  }
  if (current !== null && !facts.canGoBack) {
    return refused(
      'nothing-to-go-back-to',
      `release ${current} is active but the target cannot activate it again: there would be no way back`,
    );
  }
  if (facts.portTakenAt !== null) {
    return refused(
      'port-taken',
      `${facts.portTakenAt} already answers, but no release of ${facts.service} is active there: another program has the port`,
      ['stop that program, or give this service another address (its url in rollout.yaml)'],
    );
  }
  const able = facts.channels.filter(({ on, problem }) => on && problem === null);
  if (able.length < facts.requireChannels) {
    const unable = facts.channels.filter((channel) => !able.includes(channel));
    return refused('channels-fail', tooFew(env, facts.requireChannels, able.length), [
      ...unable.map(
        ({ name, on, problem }) => `${name}: ${on ? problem : `off, because ${problem}`}`,
      ),
      'set the variables or mend the channels, or take requireChannels down in rollout.yaml',
    ]);
  }
  if (facts.drill?.kind === 'refused' && stepsOf(facts, options, first).includes('drill'))
    return refused(facts.drill.code, facts.drill.message, [
      ...facts.drill.hints,
      'or deploy without a drill: backup: { drill: false } in rollout.yaml',
    ]);
  const broken = facts.alreadyBroken.filter(({ gate }) => !options.disarm.includes(gate));
  if (broken.length > 0) {
    return refused(
      'already-broken',
      `before the deploy, on the running release: ${broken.map(({ sentence }) => sentence).join('; ')}. Rolling back would not mend it`,
      broken.map(
        ({ gate }) => `mend it first, or watch it without deciding: --disarm ${gate} --reason "…"`,
      ),
    );
  }
  const blind = facts.blind.filter(({ gate }) => !options.disarm.includes(gate));
  if (blind.length > 0) {
    return refused(
      'gate-blind',
      `on the running release, before anything is touched, these gates can't be judged: ${blind.map(({ sentence }) => sentence).join('; ')}`,
      blind.flatMap(({ gate }) => [
        `mend it, or watch without it: --disarm ${gate} --reason "…"`,
        `its metric comes with this release: --expect ${gate}`,
      ]),
    );
  }
  if (
    facts.migrations !== null &&
    facts.migrations.withoutDown.length > 0 &&
    facts.rollbackData === 'keep'
  ) {
    return refused(
      'no-way-down',
      `migration ${facts.migrations.withoutDown.join(', ')} has no way down and rollback.data is "keep": a failed deploy could not be undone`,
      ['write its .down.sql (or name migrations.down), or set rollback.data: restore'],
    );
  }
  return null;
};

/** Whether there is no data yet. Databases on a server are there before a first deploy; alone, they may hold anything. */
const isFresh = ({ data, databases }: DeployFacts): boolean =>
  data.every(({ exists }) => !exists) && (data.length > 0 || databases.length === 0);

/** Decides what a deploy will do, or why it may not. Pure: facts and options in, plan out. */
export const planDeploy = (facts: DeployFacts, options: DeployOptions): DeployPlan => {
  const first = facts.current === null && isFresh(facts);
  const refusedWith = refusal(facts, options, first);
  if (refusedWith !== null) return refusedWith;
  const steps = stepsOf(facts, options, first);
  const off = facts.channels
    .filter(({ on }) => !on)
    .map(({ name, problem }) => `${name} (${problem})`);
  return {
    kind: 'go',
    version: facts.version,
    previous: facts.current,
    first,
    steps,
    disarmed: options.disarm,
    expected: options.expect,
    supersedes:
      facts.newest !== null && !facts.newest.closed && options.supersede ? facts.newest.run : null,
    sentences: planSentences(facts, options, steps, first),
    warnings: [
      ...facts.watch.warnings,
      ...facts.channels.flatMap(({ name, on, problem }) =>
        !on || problem === null ? [] : [`channel ${name} cannot work: ${problem}`],
      ),
      ...(off.length > 0
        ? [`channels that are off: ${off.join(', ')}`]
        : facts.channels.length === 0
          ? ['no notification channel is configured for this environment']
          : []),
    ],
  };
};
