import type { Register } from './register.ts';

/**
 * A sub-command, as far as a list of commands shows it. The module behind it is loaded only where it is the one that
 * was typed, and then with all it may come to need: a command that guards a service for hours must not load a file
 * that a new installation has replaced meanwhile.
 */
export interface CommandEntry {
  /** With its arguments, as commander writes them: `clear [ids...]`. */
  readonly name: string;
  readonly description: string;
  /** Of each argument, by its name. */
  readonly argument?: readonly [flags: string, description: string];
  readonly load: () => Promise<Register>;
}

/** Commands under one word: `gates check`. */
export interface CommandGroup {
  readonly name: string;
  readonly description: string;
  readonly below: readonly CommandEntry[];
}

const gates: readonly CommandEntry[] = [
  {
    name: 'check',
    description: 'read the gates file and say in sentences what its gates do',
    load: async () => (await import('./commands/gates-check.ts')).registerCheck,
  },
  {
    name: 'replay',
    description: 'what each gate would have decided, and when, on recorded samples',
    load: async () => (await import('./commands/gates-replay.ts')).registerReplay,
  },
  {
    name: 'scorecard',
    description:
      'false and true alarms of each gate over the deploys on record, and what can be armed',
    load: async () => (await import('./commands/gates-scorecard.ts')).registerScorecard,
  },
  {
    name: 'tune',
    description: 'propose thresholds from recorded runs: false alarms, misses and delays of each',
    load: async () => (await import('./commands/gates-tune.ts')).registerTune,
  },
  {
    name: 'export',
    description: 'print the gates as YAML for an engine that is already there',
    load: async () => (await import('./commands/gates-export.ts')).registerExport,
  },
  {
    name: 'backtest',
    description: 'slide a watch over what a Prometheus recorded: false alarms, incidents caught',
    load: async () => (await import('./commands/gates-backtest.ts')).registerBacktest,
  },
];

const run: CommandEntry['argument'] = ['<run>', 'run id, or path of a journal.ndjson'];

const journal: readonly CommandEntry[] = [
  {
    name: 'verify',
    description: 'check that no line of a record was changed, removed, inserted or reordered',
    argument: run,
    load: async () => (await import('./commands/journal.ts')).registerJournalVerify,
  },
  {
    name: 'show',
    description: 'print the events of a record',
    argument: run,
    load: async () => (await import('./commands/journal.ts')).registerJournalShow,
  },
];

const notify: readonly CommandEntry[] = [
  {
    name: 'send',
    description: 'send one message now',
    load: async () => (await import('./commands/notify.ts')).registerNotifySend,
  },
  {
    name: 'phase',
    description: 'send the message of a phase of a rollout',
    load: async () => (await import('./commands/notify.ts')).registerNotifyPhase,
  },
  {
    name: 'flush',
    description: 'deliver the messages that wait in the spool',
    load: async () => (await import('./commands/notify-spool.ts')).registerNotifyFlush,
  },
  {
    name: 'status',
    description: 'what waits in the spool, and what was given up, with reasons',
    load: async () => (await import('./commands/notify-spool.ts')).registerNotifyStatus,
  },
  {
    name: 'clear [ids...]',
    description: 'take messages that were given up off the list: a person has seen to them',
    load: async () => (await import('./commands/notify-spool.ts')).registerNotifyClear,
  },
  {
    name: 'revive [ids...]',
    description: 'put messages that were given up back into the spool, for the next flush',
    load: async () => (await import('./commands/notify-spool.ts')).registerNotifyRevive,
  },
  {
    name: 'preview',
    description: 'print the exact bytes that a channel would be sent for an event',
    load: async () => (await import('./commands/notify-look.ts')).registerNotifyPreview,
  },
  {
    name: 'check',
    description: 'check channels and templates, send nothing',
    load: async () => (await import('./commands/notify-look.ts')).registerNotifyCheck,
  },
  {
    name: 'test',
    description: 'one real try to every channel that is on; nothing is kept',
    load: async () => (await import('./commands/notify-look.ts')).registerNotifyTest,
  },
];

/** All commands, in the order of `--help`. */
export const commandTree: readonly (CommandEntry | CommandGroup)[] = [
  {
    name: 'init',
    description:
      'look at a service, ask six questions, and write rollout.yaml and gates.yaml for it',
    load: async () => (await import('./commands/init.ts')).registerInit,
  },
  {
    name: 'adopt',
    description: 'make the release that runs already the first on record; nothing is stopped',
    load: async () => (await import('./commands/adopt.ts')).registerAdopt,
  },
  {
    name: 'deploy',
    description: 'back up, migrate, activate, check; then the run awaits its guard',
    load: async () => (await import('./commands/deploy.ts')).registerDeploy,
  },
  {
    name: 'monitor',
    description:
      "watch the environment's newest release against its gates, and act where one breaks",
    load: async () => (await import('./commands/monitor.ts')).registerMonitor,
  },
  {
    name: 'rollback',
    description: 'put data and release back from a backup, verified at every step',
    load: async () => (await import('./commands/rollback.ts')).registerRollback,
  },
  {
    name: 'backup',
    description: 'back an environment up, or verify, list and prune its backups',
    load: async () => (await import('./commands/backup.ts')).registerBackup,
  },
  {
    name: 'restore',
    description:
      'bring one source, folder or file of a backup back into a folder; nothing live is touched (rollback puts data and release back)',
    load: async () => (await import('./commands/restore.ts')).registerRestore,
  },
  {
    name: 'salvage',
    description:
      'what was written to data that a rollback or an undo set aside: shown, and put back where it stands against nothing',
    argument: ['<run>', 'the run that set it aside, as history shows it'],
    load: async () => (await import('./commands/salvage.ts')).registerSalvage,
  },
  {
    name: 'migrate',
    description: "run the active release's pending migrations, or take the newest one back",
    load: async () => (await import('./commands/migrate.ts')).registerMigrate,
  },
  {
    name: 'smoke',
    description:
      'run the smoke tests of an environment; their output goes to postdeploy-smoketests.log too',
    load: async () => (await import('./commands/smoke.ts')).registerSmoke,
  },
  {
    name: 'start',
    description: 'start the active release, wait until it is healthy, and put that on the record',
    load: async () => (await import('./commands/service.ts')).registerStart,
  },
  {
    name: 'stop',
    description: 'stop the active release, see that it stopped, and put that on the record',
    load: async () => (await import('./commands/service.ts')).registerStop,
  },
  {
    name: 'status',
    description: 'what is up, what is down, what is open, and what to type',
    load: async () => (await import('./commands/status.ts')).registerStatus,
  },
  {
    name: 'dashboard',
    description:
      'a live page of the runs of this folder, on 127.0.0.1, until Ctrl-C; changes nothing',
    load: async () => (await import('./commands/dashboard.ts')).registerDashboard,
  },
  {
    name: 'history',
    description: 'the runs so far, newest first, with how each ended; --verbose: why, and its page',
    load: async () => (await import('./commands/history.ts')).registerHistory,
  },
  {
    name: 'promote',
    description: 'take the open run as good, before its watch has said so',
    load: async () => (await import('./commands/requests.ts')).registerPromote,
  },
  {
    name: 'pause',
    description: 'stop a running watch; `monitor --resume` goes on',
    load: async () => (await import('./commands/requests.ts')).registerPause,
  },
  {
    name: 'freeze',
    description: 'hold deploys and migrations back; the way back stays open',
    load: async () => (await import('./commands/freeze.ts')).registerFreeze,
  },
  {
    name: 'unfreeze',
    description: 'lift a freeze',
    load: async () => (await import('./commands/freeze.ts')).registerUnfreeze,
  },
  {
    name: 'watchdog',
    description: 'one look, for a timer: is a run without the process that should guard it?',
    load: async () => (await import('./commands/watchdog.ts')).registerWatchdog,
  },
  {
    name: 'gates',
    description:
      'check gates, prove and tune them on recorded samples, write them for other engines',
    below: gates,
  },
  { name: 'journal', description: "look at a run's record", below: journal },
  { name: 'notify', description: 'send messages, and deliver those that wait', below: notify },
  {
    name: 'ack',
    description: 'say that you have seen it: the critical message of a run is not repeated',
    argument: ['<run>', 'run id, as the message says it'],
    load: async () => (await import('./commands/ack.ts')).registerAck,
  },
  {
    name: 'report',
    description: "write a run's page again, from its record and its samples",
    argument: ['[run]', 'run id (default: the newest run)'],
    load: async () => (await import('./commands/report.ts')).registerReport,
  },
  {
    name: 'doctor',
    description: 'look for what would spoil the next rollout, change nothing',
    load: async () => (await import('./commands/doctor.ts')).registerDoctor,
  },
  {
    name: 'validate-logging',
    description: 'check that the logs of all runs parse, are complete and hold no secret',
    load: async () => (await import('./commands/validate-logging.ts')).registerValidateLogging,
  },
  {
    name: 'signoff',
    description:
      'put your name, and your SSH key, to a rehearsed bundle, its release and the gates',
    load: async () => (await import('./commands/signoff.ts')).registerSignoff,
  },
  {
    name: 'approvals',
    description:
      "whether a pull request is approved as rollout.yaml's `approvals` asks (1: not yet)",
    load: async () => (await import('./commands/approvals.ts')).registerApprovals,
  },
  {
    name: 'completion',
    description: 'print a script that makes a shell complete commands, options and environments',
    argument: ['<shell>', 'bash, zsh or fish'],
    load: async () => (await import('./commands/completion.ts')).completionOf(() => commandTree),
  },
];
