import { shownCommand } from '../command/run-command.ts';
import type { Command } from '../config/types.ts';
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
  readonly sources: readonly string[];
  /** Those of them that a drill has no scratch place for: they lie on no disk of this machine. */
  readonly undrillable: readonly string[];
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

const restoreSentence = ({ sources }: DrillFacts): string =>
  `restore ${sources.join(' and ')} into a scratch folder: every SHA-256, integrity_check, rows per table`;

const networkSentence = ({ network, isolation }: DrillFacts): string => {
  if (network === 'none')
    return 'no network but its own loopback; the live data is read-only to it';
  return isolation.kind === 'namespaces'
    ? 'ALL the network that this machine has (drill.network: allow); the live data is read-only to it'
    : `ALL the network that this machine has (drill.network: allow), and nothing keeps it from the live data: ${isolation.why}`;
};

/** Decides what a drill will start, and how it is kept from the rest; or why it may not. Pure. */
export const planDrill = (facts: DrillFacts): DrillPlan => {
  const { release, start, startIn, smoke, allowed, isolation, undrillable } = facts;
  // Their server or command is the only place that they know: a drill there would replace live data.
  if (undrillable.length > 0)
    return {
      kind: 'refused',
      code: 'drill-refused',
      message: `${undrillable.join(' and ')} of this environment's data lies on no disk of its own, and a drill restores files and SQLite only: nothing was touched`,
      hints: ['set backup: { drill: false } for this environment in rollout.yaml'],
    };
  if (start === null || release === null) {
    const why =
      start === null
        ? 'target.drill.start does not say how (rollout.yaml)'
        : 'the backup names no release';
    return {
      kind: 'go',
      starts: null,
      sentences: [restoreSentence(facts), `no service is started on it: ${why}`],
    };
  }
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
      restoreSentence(facts),
      `start release ${release} on it, on a free port: ${shownCommand(start)} (${startIn})`,
      `it sees ${allowed.length === 0 ? 'no variable of ours' : `of ours ${allowed.join(', ')}`}, ROLLOUT_DRILL=1 and the other ROLLOUT_ facts, and ${networkSentence(facts)}`,
      `wait for 3 healthy answers in a row${smoke === null ? '' : `, run the smoke tests (${shownCommand(smoke)})`}, end it all`,
    ],
  };
};
