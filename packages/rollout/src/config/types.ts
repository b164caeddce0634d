import type { DataSource, KeepPolicy, PostgresSource, SqliteSource } from '@dhash/backup-core';
import type { MetricsSpec } from '@dhash/monitor';
import type { ChannelConfig, FixedLinks } from '@dhash/notifier';
import type { ConfigIssue } from './config-error.ts';
import type { NotifyEntry } from './recipients.ts';
import type { SignoffConfig } from './signoff-schema.ts';

/** What bounds the backups of an environment beside their rules. */
export interface BackupBounds {
  /** Most that they take together; `null`: no bound. */
  readonly maxBytes: number | null;
  /** What stays free on their disk: bytes, or a ratio of the disk; `null`: no bound. */
  readonly minFree: { readonly bytes: number } | { readonly ratio: number } | null;
}

/** How long other things stay, ms; `null`: for ever. */
export interface KeepFor {
  readonly safety: number | null;
  readonly incomplete: number | null;
  readonly incidents: number | null;
  readonly monitorLogs: number | null;
  readonly messages: number | null;
}

/** A text goes through the shell, a list runs as it stands. */
export type Command = string | string[];

/** How a release is started on restored data. */
export interface TargetDrill {
  readonly start: Command;
  readonly stop: Command | null;
}

/** What a restore drill may do. */
export interface DrillConfig {
  /** Whether a deploy drills its backup before it stops anything. */
  readonly beforeDeploy: boolean;
  /** Names of our own variables that the drilled service sees. */
  readonly env: readonly string[];
  readonly network: 'none' | 'allow';
  /** Longest that the service may take to start, and again to be healthy, ms. */
  readonly timeoutMs: number;
}

/** What is looked at after a stop: the address, the files of the data, both, or nothing. */
export type StopCheck = 'all' | 'address' | 'data' | 'none';

/** How long a target's service may take, and how it is seen that it stopped. */
export interface TargetLimits {
  /** Longest that the start command may run, ms. */
  readonly startTimeoutMs: number;
  /** Longest that the service may take to be gone once the stop command came back, ms. */
  readonly stopTimeoutMs: number;
  readonly stopCheck: StopCheck;
}

/** Releases as folders under `root`, one of them `current`. */
export interface ReleasesTargetConfig extends TargetLimits {
  readonly type: 'releases';
  /** Absolute. */
  readonly root: string;
  /** Absolute, with `{version}` in it: a folder, a .zip or a .tar.gz. */
  readonly artifact: string;
  readonly init: Command | null;
  readonly start: Command;
  readonly stop: Command;
  /** Releases kept under `root`, the current and the previous one always among them. */
  readonly keep: number;
  /** `null`: a drill checks the data only. */
  readonly drill: TargetDrill | null;
}

/** A release that the project's own commands switch. */
export interface CommandTargetConfig extends TargetLimits {
  readonly type: 'command';
  /** Prints the version that is active now; prints nothing where none is. */
  readonly current: Command;
  /** Makes `ROLLOUT_VERSION` the one that `start` starts; an empty one means none. */
  readonly activate: Command;
  readonly init: Command | null;
  readonly start: Command;
  readonly stop: Command;
  /** Prints the version to deploy where none is given. */
  readonly version: Command | null;
  /** `null`: a drill checks the data only. */
  readonly drill: TargetDrill | null;
}

export type TargetConfig = ReleasesTargetConfig | CommandTargetConfig;

/** SQL files that are applied here, each with its bookkeeping in one transaction. */
export interface SqlMigrations {
  readonly type: 'sql';
  /** Absolute; may hold `{version}`: the migrations that come with that release. */
  readonly dir: string;
  /** The data source that they change. */
  readonly database: SqliteSource | PostgresSource;
  /** True: the service keeps running while its database is migrated. */
  readonly online: boolean;
  /** Longest that a statement waits for a lock, ms. */
  readonly lockTimeoutMs: number;
}

/** The commands of somebody else's tool, which keeps its own books. */
export interface CommandMigrations {
  readonly type: 'commands';
  /** Prints what is applied and what is not. */
  readonly status: Command;
  readonly up: Command;
  /** `null`: only a backup takes the data back. */
  readonly down: Command | null;
  /** Prints where the database stands, for `down`; `null`: it knows by itself. */
  readonly to: Command | null;
  /** Longest run of each, ms. */
  readonly timeoutMs: number;
  readonly online: boolean;
}

export type MigrationsConfig = SqlMigrations | CommandMigrations;

/** What the commands of an environment get of variables, beside our own. */
export interface CommandEnvironment {
  /** From `env` and `envFile`. */
  readonly given: Readonly<Record<string, string>>;
  /** Variables of ours that only channels or other environments use: no command gets them. */
  readonly withheld: readonly string[];
  /** Why `envFile` could not be read; no command may be run then. `null`: it was, or there is none. */
  readonly problem: ConfigIssue | null;
}

/** One environment with its variables put in, its defaults filled and its paths absolute. */
export interface EnvironmentConfig {
  /** Folder of rollout.yaml: paths are relative to it and commands run in it. */
  readonly root: string;
  readonly service: string;
  readonly env: string;
  readonly url: string;
  /** Absolute. */
  readonly gatesFile: string;
  /** Absolute: where the records lie, and a command target's lock; `null`: in rollouts/ beside rollout.yaml. */
  readonly state: string | null;
  readonly health: {
    readonly path: string;
    readonly timeoutMs: number;
    readonly expect: Record<string, unknown>;
    /** JSON field that names the running version; `null`: the service does not say. */
    readonly version: string | null;
    /** JSON field by which one process is told from another; `null`: none. */
    readonly process: string | null;
    readonly tls: { readonly caFile: string } | null;
  };
  /** Addresses of the replicas, each watched by itself; `null`: `url` alone is. */
  readonly targets: readonly string[] | null;
  /** Where the metrics are; none: the service has none. */
  readonly metrics: readonly MetricsSpec[];
  readonly data: DataSource[];
  readonly backup: {
    /** Absolute. */
    readonly dir: string;
    readonly keep: KeepPolicy;
    readonly bounds: BackupBounds;
    /** Folders at rclone remotes, `rclone:REMOTE:path`. */
    readonly copies: readonly string[];
    /** Most that a source may shrink from one backup to the next without a flag: a ratio, 0 to 1. */
    readonly maxShrink: number;
    readonly drill: DrillConfig;
  };
  readonly keepFor: KeepFor;
  readonly target: TargetConfig;
  readonly commands: CommandEnvironment;
  readonly migrations: MigrationsConfig | null;
  readonly smoke: { readonly command: Command; readonly timeoutMs: number } | null;
  readonly rollback: { readonly data: 'restore' | 'keep' | 'auto' };
  /** Asked at each poll of a watch; `null`: nobody outside listens. */
  readonly heartbeat: string | null;
  /** Which channels get which of this environment's messages. */
  readonly notify: NotifyEntry[];
  /** Addresses that every message carries; the environment's own before those of the file. */
  readonly links: FixedLinks;
  /** Channels that must take a test message before a deploy; 0: none is sent. */
  readonly requireChannels: number;
  /** What a deploy must be signed off by; `null`: nobody has to. */
  readonly requireSignoff: SignoffConfig | null;
  /** Those channels only: variables of others are never read. */
  readonly channels: ChannelConfig[];
  /** Values that must never reach a log, an error or a spool file. */
  readonly secrets: string[];
}
