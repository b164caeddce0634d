import type { Clock } from '../process/clock.ts';

/** Plain JSON, as it travels in the journal. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where releases run. Each operation is safe to run again after it was cut off anywhere. */
export interface Target {
  readonly kind: 'releases' | 'command';
  /** Absolute; lies where the target is, so that two checkouts see one lock. */
  readonly lockFile: string;
  /** The active release; `null`: none. */
  current(): Promise<string | null>;
  /** Releases that could be deployed, the highest first. */
  versions(): Promise<string[]>;
  /** True where `version` could be activated: it is laid, or there is an artifact of it. */
  hasVersion(version: string): Promise<boolean>;
  /** Makes the service's data, once, before a first release. */
  init(version: string): Promise<void>;
  /** Puts a release beside the others; the result is what `unlay` needs. */
  lay(version: string): Promise<Json>;
  /** Takes back what `lay` did; a release that was there before stays. `null`: `lay` was cut off. */
  unlay(done: Json): Promise<void>;
  /** Makes `version` the one that `start` starts. */
  activate(version: string): Promise<void>;
  /** Leaves no release active: the undo of a first activation. */
  deactivate(): Promise<void>;
  /** Starts the active release; after a stop that failed, as `startAgain`. */
  start(): Promise<void>;
  /** Sees to it that the service runs, whatever a stop that may have failed left of it. */
  startAgain(): Promise<void>;
  /** Resolves once the address is silent and nobody has the data open; see `untilStopped`. */
  stop(): Promise<void>;
  /** Releases that {@link prune} would remove once `version` is the active one; none where this target removes none. */
  prunable(version: string): Promise<string[]>;
  /** Removes what earlier deploys laid here and nobody needs any more. Never throws: tidying spoils nothing. */
  prune(): Promise<Pruned>;
  /** What this target is, in lines for people. */
  describe(): string[];
}

/** What became of old releases. */
export interface Pruned {
  readonly removed: readonly string[];
  /** Those that could not be removed, each with why. */
  readonly left: readonly { readonly name: string; readonly why: string }[];
}

/** A target whose commands are believed. */
export type StartableTarget = Omit<Target, 'startAgain'>;

/** The run that a target's commands work for. */
export interface TargetRun {
  readonly runId: string;
  /** `null`: none is known yet; commands get an empty `ROLLOUT_VERSION`. */
  readonly version: string | null;
  readonly previous: string | null;
  readonly clock: Clock;
  /** Gets what the commands print, as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Gets what people should know at once: a start that does not come back, where a daemon writes to. */
  readonly onNotice?: (text: string) => void;
  /** Gets what only a curious reader wants. */
  readonly onDetail?: (text: string) => void;
  /** Ends a command that does not come back within 10 s; see `patience`. */
  readonly signal?: AbortSignal;
  /** Ends a command at once, wherever it is: somebody interrupted for the second time. */
  readonly leave?: AbortSignal;
}

/** A target operation that did not do its work. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly code:
    | 'no-artifact'
    | 'bad-version'
    | 'unsafe-archive'
    | 'bad-archive'
    | 'not-laid'
    | 'not-a-link'
    | 'command-failed'
    | 'still-running'
    | 'not-active';

  constructor(code: TargetError['code'], message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** True for a TargetError of any copy of this package. */
export const isTargetError = (error: unknown): error is TargetError =>
  error instanceof Error && error.name === 'TargetError';
