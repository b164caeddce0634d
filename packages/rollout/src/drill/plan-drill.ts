import type { Command } from '../config/types.ts';
import { shownCommand } from '../process/run-command.ts';
import type { Isolation } from './isolation.ts';

/** What a drill is planned from. Plain data. */
export interface DrillFacts {
  /** Release that the backup is stamped with; `null`: none. */
  readonly release: string | null;
  /** `target.drill.start`; `null`: the target doesn't know how. */
  readonly start: Command | null;
  /** Folder that it runs in; `null`: the release isn't there any more, nor its artifact. */
  readonly startIn: 'where it is laid' | 'unpacked anew' | 'the folder of rollout.yaml' | null;
  readonly smoke: Command | null;
  /** What lies on the disk. */
  readonly sources: readonly string[];
  /** Databases on a server, which get a scratch database there. */
  readonly databases: readonly {
    readonly name: string;
    /** What keeps it from being restored. */
    readonly problems: readonly string[];
    /** Whether its server is reached by a socket in the file system, which takes no network. */
    readonly isBySocket: boolean;
  }[];
  /** What commands load, into the live place and no other: a drill reads its dump, and loads it nowhere. */
  readonly dumps: readonly {
    readonly name: string;
    readonly problems: readonly string[];
    /** Whether it has a command that tells a sound dump. */
    readonly hasVerify: boolean;
  }[];
  /** Names of `drill.env`. */
  readonly allowed: readonly string[];
  readonly network: 'none' | 'allow';
  readonly isolation: Isolation;
}

export type DrillPlan =
  | { readonly kind: 'go'; readonly starts: string | null; readonly sentences: readonly string[] }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly hints: readonly string[];
    };

const restoreSentences = ({ sources, databases, dumps }: DrillFacts): string[] => {
  const places = [
    ...(sources.length === 0 ? [] : [`${sources.join(' and ')} into a scratch folder`]),
    ...databases.map(({ name }) => `${name} into a scratch database of its server`),
  ];
  return [
    ...(places.length === 0
      ? []
      : [`restore ${places.join(', ')}: every SHA-256, integrity_check, rows per table`]),
    ...dumps.map(
      ({ name, hasVerify }) =>
        `read the dump of ${name}, ${hasVerify ? 'by its verify command too' : 'by its SHA-256 alone (it has no verify command)'}, and load it nowhere: its load command knows only the live place`,
    ),
  ];
};

/** Why a drill starts no service on the restored data; `null`: it does. Pure. */
export const whyNotStarted = (facts: DrillFacts): string | null => {
  if (facts.start === null) return 'target.drill.start does not say how (rollout.yaml)';
  if (facts.release === null) return 'the backup names no release';
  if (facts.dumps.length > 0)
    return `it would find ${facts.dumps.map(({ name }) => name).join(' and ')} missing, or live`;
  const far = facts.databases.filter(({ isBySocket }) => !isBySocket);
  return facts.network === 'none' && far.length > 0
    ? `it would have no network (drill.network: none), and the server of ${far.map(({ name }) => name).join(' and ')} is reached over one: name its socket in the url (?host=/var/run/postgresql), or allow the network`
    : null;
};

const networkSentence = ({ network, isolation }: DrillFacts): string => {
  if (network === 'none')
    return 'no network but its own loopback; the live data is read-only to it';
  return isolation.kind === 'namespaces'
    ? 'ALL the network that this machine has (drill.network: allow); the live data is read-only to it'
    : `ALL the network that this machine has (drill.network: allow), and nothing keeps it from the live data: ${isolation.why}`;
};

/** Decides what a drill will start, and how it is kept from the rest; or why it may not. Pure. */
export const planDrill = (facts: DrillFacts): DrillPlan => {
  const { release, start, startIn, smoke, allowed, isolation } = facts;
  const unready = [...facts.databases, ...facts.dumps].flatMap(({ name, problems }) =>
    problems.map((what) => `${name}: ${what}`),
  );
  if (unready.length > 0)
    return {
      kind: 'refused',
      code: 'database-not-ready',
      message: `a drill can't restore this: ${unready.join('; ')}. Nothing was touched`,
      hints: ['mend that, and look again: npx dhash-rollout doctor'],
    };
  const why = whyNotStarted(facts);
  if (start === null || release === null || why !== null)
    return {
      kind: 'go',
      starts: null,
      sentences: [...restoreSentences(facts), `no service is started on it: ${why}`],
    };
  if (startIn === null)
    return {
      kind: 'refused',
      code: 'drill-no-release',
      message: `release ${release}, which the backup belongs to, is neither laid nor is there an artifact of it: it can't be started on the restored data`,
      hints: ['bring its artifact back: a rollback to this backup needs it too'],
    };
  if (isolation.kind === 'none' && facts.network === 'none')
    return {
      kind: 'refused',
      code: 'drill-not-isolated',
      message: `a drill would start release ${release} on restored data, and this machine does not let it have a network of its own (${isolation.why}): a second copy of production might drain its queues or send its mail`,
      hints: [
        'run it as root, or allow unprivileged user namespaces (Linux, with unshare and ip)',
        'where that copy may reach everything: backup: { drill: { network: allow } } in rollout.yaml',
      ],
    };
  return {
    kind: 'go',
    starts: release,
    sentences: [
      ...restoreSentences(facts),
      `start release ${release} on it, on a free port: ${shownCommand(start)} (${startIn})`,
      `it sees ${allowed.length === 0 ? 'no variable of ours' : `of ours ${allowed.join(', ')}`}, ROLLOUT_DRILL=1 and the other ROLLOUT_ facts, and ${networkSentence(facts)}`,
      `wait for 3 healthy answers in a row${smoke === null ? '' : `, run the smoke tests (${shownCommand(smoke)})`}, end it`,
      'swap the backup in over what it wrote there, by the calls of a rollback, and swap back',
    ],
  };
};
