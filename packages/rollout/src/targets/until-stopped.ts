import { type AddressLook, askAddress, listeningSockets } from '../process/ask-address.ts';
import { type Holder, type OpenFiles, type Wanted, whoHolds } from '../process/open-files.ts';
import { formatDuration } from '../words/format.ts';
import { visibleLine } from '../words/visible.ts';
import { TargetError } from './types.ts';

/** Between two looks, ms: at first, and at most. */
const firstPauseMs = 20;
const longestPauseMs = 1000;

/** The end is seen at most a tenth later than the service took for it. */
const pauseMs = (waitedMs: number): number =>
  Math.min(longestPauseMs, Math.max(firstPauseMs, Math.round(waitedMs / 10)));

/** How long an answer that proves nothing (a gateway, another machine) is waited out, ms: it may be a service that ends. */
const unprovenMs = 5000;

/** Most holders that a sentence names. */
const namedHolders = 3;

/** What tells whether a service has stopped. */
export interface StoppedLook {
  readonly address: () => Promise<AddressLook>;
  /** False: an answer of the address does not count against a stop. */
  readonly countsAddress: boolean;
  readonly data: () => Promise<OpenFiles>;
  /** Who listens at the address, for the sentence. */
  readonly listeners: () => Promise<readonly Holder[]>;
}

export interface StoppedOptions {
  /** Longest that a service may take after its stop command, ms. */
  readonly limitMs: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsedMs: () => number;
}

export interface Stopped {
  readonly waitedMs: number;
  /** An answer that came to the end, from whoever need not be this service; `null`: silent, or not asked. */
  readonly stillAnswers: string | null;
  /** Processes whose open files this user may not see; `null`: this system can't be asked. */
  readonly unseen: number | null;
}

type Found =
  | { readonly kind: 'stopped'; readonly stopped: Omit<Stopped, 'waitedMs'> }
  | { readonly kind: 'unproven'; readonly how: string }
  | { readonly kind: 'answers'; readonly how: string }
  | { readonly kind: 'held'; readonly holders: readonly Holder[] };

const look = async (
  { address, countsAddress, data }: StoppedLook,
  isWaitedOut: (answer: AddressLook) => boolean,
): Promise<Found> => {
  const answer = countsAddress ? await address() : ({ kind: 'silent' } as const);
  if (answer.kind === 'answers' && answer.isProof) return { kind: 'answers', how: answer.how };
  // Last, and only once the address is silent: it reads all of /proc.
  const { looked, holders, unseen } = await data();
  if (holders.length > 0) return { kind: 'held', holders };
  if (answer.kind === 'answers' && !isWaitedOut(answer))
    return { kind: 'unproven', how: answer.how };
  const stillAnswers = answer.kind === 'answers' ? answer.how : null;
  return { kind: 'stopped', stopped: { stillAnswers, unseen: looked ? unseen : null } };
};

/** `pid 4711 (python3 svc.py) has /srv/data/lib.db open` */
const holderSentence = ({ pid, command, path }: Holder): string =>
  `pid ${pid} (${visibleLine(command)}) has ${visibleLine(path)} open`;

const named = (holders: readonly Holder[]): string => {
  const more = holders.length - namedHolders;
  const shown = holders.slice(0, namedHolders).map(holderSentence).join(', ');
  return more > 0 ? `${shown}, and ${more} more` : shown;
};

const whatRuns = async (
  found: Exclude<Found, { kind: 'stopped' }>,
  url: string,
  { listeners }: StoppedLook,
): Promise<string> => {
  if (found.kind === 'held') return named(found.holders);
  const [first] = await listeners();
  const who =
    first === undefined ? '' : `; pid ${first.pid} (${visibleLine(first.command)}) listens there`;
  return `${url} still answers (${found.how})${who}`;
};

/**
 * Waits until the address is silent and no process holds the data open. An answer that proves nothing
 * is waited out for 5 s; then the data alone decides.
 *
 * @throws {TargetError} `still-running`, naming the process or the address.
 */
export const untilStopped = async (
  stop: StoppedLook,
  url: string,
  { limitMs, sleep, elapsedMs }: StoppedOptions,
): Promise<Stopped> => {
  const startedMs = elapsedMs();
  const waited = () => elapsedMs() - startedMs;
  const isWaitedOut = () => waited() >= Math.min(unprovenMs, limitMs);
  for (;;) {
    const found = await look(stop, isWaitedOut);
    if (found.kind === 'stopped') return { ...found.stopped, waitedMs: waited() };
    if (waited() >= limitMs && found.kind !== 'unproven')
      throw new TargetError(
        'still-running',
        `the stop command came back, and ${formatDuration(limitMs)} later the service still runs: ${await whatRuns(found, url, stop)}. Expected: a silent address and nobody on the data. Mend target.stop or end that process; a slower service needs a longer target.stopTimeout; where something else is meant to answer there or to hold the data, target.stopCheck says what is looked at`,
      );
    await sleep(Math.min(pauseMs(waited()), Math.max(1, limitMs - waited())));
  }
};

/** Looks at a real service: its address, and the files of its data. */
export const lookAtService = (
  url: string,
  data: Wanted,
  {
    timeoutMs,
    check,
  }: { readonly timeoutMs: number; readonly check: 'all' | 'address' | 'data' | 'none' },
): StoppedLook => ({
  address: () => askAddress(url, timeoutMs),
  countsAddress: check === 'all' || check === 'address',
  data: () => whoHolds(check === 'all' || check === 'data' ? data : { files: [], folders: [] }),
  listeners: async () => {
    const sockets = await listeningSockets(url);
    return sockets.length === 0
      ? []
      : (await whoHolds({ files: [], folders: [], sockets })).holders;
  },
});
