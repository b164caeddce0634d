/** How the service is started and stopped. */
export type HowItRuns =
  /** A program that stays in the foreground; its process is kept by a pid file. */
  | { readonly kind: 'process'; readonly run: string }
  /** A systemd unit. */
  | { readonly kind: 'systemd'; readonly unit: string }
  /** A service of a compose file, whose image has the release as its tag. */
  | { readonly kind: 'compose'; readonly service: string }
  /** Commands of the project's own. */
  | { readonly kind: 'commands'; readonly start: string; readonly stop: string };

/** Everything that `init` has to know of a service. */
export interface ServiceAnswers {
  readonly service: string;
  readonly env: string;
  /** Without a trailing slash. */
  readonly url: string;
  readonly runs: HowItRuns;
  /** Where releases lie, with `{version}` in it. */
  readonly artifact: string;
  /** Folders, and SQLite files, that a backup holds. */
  readonly data: readonly string[];
  /** What an automatic rollback does with them. */
  readonly rollbackData: 'restore' | 'keep';
}

/** What a look at the running service found. */
export interface SeenService {
  readonly health: {
    readonly path: string;
    /** Of its JSON: `status` where it has one. */
    readonly expect: Readonly<Record<string, string>>;
    /** Field that names the running release; `null`: it does not say. */
    readonly version: string | null;
  } | null;
  /** The page of metrics; `null`: there is none. */
  readonly metrics: { readonly path: string; readonly text: string } | null;
}
