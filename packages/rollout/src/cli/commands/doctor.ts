import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canPutBack, isBackupError } from '@dhash/backup-core';
import { isRightMissing } from '@dhash/journal';
import { checkChannels } from '@dhash/notifier';
import { dueCopies } from '../../backup/copies/copy-elsewhere.ts';
import { runRclone } from '../../backup/copies/run-rclone.ts';
import { lookElsewhere } from '../../backup/look-elsewhere.ts';
import { describeProof, newestProven } from '../../backup/proven-backup.ts';
import { onDisk } from '../../config/data-source.ts';
import type { TargetConfig } from '../../config/types.ts';
import { gatherDrill } from '../../drill/gather-drill.ts';
import { planDrill } from '../../drill/plan-drill.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { lookAtLock } from '../../environment/lock.ts';
import { exitCodes, messageOf } from '../../errors.ts';
import { openNotifier } from '../../notify/open-notifier.ts';
import { tooFew } from '../../notify/too-few-channels.ts';
import { surveyRuns } from '../../record/runs.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { commandFindings } from './doctor-commands.ts';
import { gatesFindings } from './doctor-gates.ts';
import { ownPlaces } from './doctor-places.ts';
import { verdictOf } from './doctor-verdict.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

interface DoctorFlags extends GlobalOptions {
  readonly env: string;
}

export const registerDoctor: Register = (command, run) => {
  withGlobalOptions(
    command.option('--env <name>', 'environment of rollout.yaml', 'production'),
  ).action((flags: DoctorFlags) => run('doctor', flags, (context) => examine(context, flags)));
};

/** What holds of a source that lies on no disk of its own, where nothing keeps it from being backed up. */
const reachable = {
  postgres: 'the PostgreSQL server answers, and its tools are here',
  command: 'the programs of its commands are here',
  external: 'its commands are there; what they do is known to their tool alone',
};

const data = async ({ config, shown }: Environment): Promise<Finding[]> => {
  const restores = config.rollback.data !== 'keep';
  const looked = config.data.map(async (source) => {
    const { name } = source;
    if ('path' in source) {
      if (!existsSync(source.path))
        return [warning(`data ${name}: ${shown(source.path)} does not exist (yet)`)];
      const obstacles = restores ? await canPutBack([source]) : [];
      return [
        ...(obstacles.some(({ severity }) => severity === 'refuses')
          ? []
          : [ok(`data ${name}: ${shown(source.path)}`)]),
        ...obstacles.map(({ severity, sentence }) =>
          (severity === 'refuses' ? problem : warning)(`data ${name}: ${sentence}`),
        ),
      ];
    }
    const problems = (await lookElsewhere(source, { restores })) ?? [];
    if (problems.length > 0) return problems.map((what) => problem(`data ${name}: ${what}`));
    const obstacles = restores && source.type === 'postgres' ? await canPutBack([source]) : [];
    return [
      ok(`data ${name}: ${reachable[source.type]}`),
      ...obstacles
        .filter(({ severity }) => severity === 'warns')
        .map(({ sentence }) => warning(`data ${name}: ${sentence}`)),
    ];
  });
  return (await Promise.all(looked)).flat();
};

/** What the folder of backups does not give away is a finding, and keeps nobody from seeing the others. */
const orProblem = (findings: Promise<Finding[]>): Promise<Finding[]> =>
  findings.catch((error: unknown) => {
    if (!isBackupError(error)) throw error;
    return [problem(`backups: ${error.message}`)];
  });

const copies = async (environment: Environment): Promise<Finding[]> => {
  const { config } = environment;
  if (config.backup.copies.length === 0) return [];
  const missing = await runRclone(
    config.root,
    config.commands.withheld,
  )(['version']).then(
    () => null,
    (error: unknown) => messageOf(error),
  );
  if (missing !== null)
    return [problem(`copies: rclone is needed for backup.copies, and does not run: ${missing}`)];
  const due = await dueCopies(config);
  return due.length === 0
    ? [ok(`copies: none is due at ${config.backup.copies.join(', ')}`)]
    : due.map(({ name, to }) =>
        warning(`copies: ${name} has no copy at ${to}; the next backup tries again`),
      );
};

/** Above this age the last restore that worked says little of the next, ms. */
const drillAgeMs = 7 * 24 * 60 * 60 * 1000;

const drill = async (context: CommandContext, { config, shown }: Environment): Promise<Finding> => {
  const proven = await newestProven(config);
  if (proven === null)
    return warning(
      `no backup of ${config.env} was ever restored in a drill: npx dhash-rollout backup --drill FILE`,
    );
  const ageMs = context.clock.now() - Date.parse(proven.proof.at);
  const what = `newest proven backup: ${shown(proven.file)}, ${describeProof(proven.proof)}`;
  const days = Math.floor(ageMs / (24 * 60 * 60 * 1000));
  return ageMs > drillAgeMs
    ? warning(`${what}; that is ${days} days ago: drill a newer one`)
    : ok(what);
};

/** What the next deploy's drill would be refused for, while there is time to mend it. */
const drillable = async ({ config, target }: Environment): Promise<Finding[]> => {
  if (config.target.drill === null) return [];
  const active = await target({ runId: 'doctor', version: null, previous: null }).current();
  const plan = planDrill(await gatherDrill(config, active));
  if (plan.kind === 'go')
    return plan.starts === null ? [] : [ok(`a drill may start release ${plan.starts} here`)];
  const what = `${plan.message}: ${plan.hints.join('; or ')}`;
  return config.backup.drill.beforeDeploy
    ? [problem(`the next deploy would be refused, as its drill may not go: ${what}`)]
    : [warning(`a drill may not go: ${what}`)];
};

const channels = async (context: CommandContext, environment: Environment): Promise<Finding[]> => {
  const { config } = environment;
  const looked = checkChannels(config.channels);
  const able = looked.filter(({ state }) => state === 'on').length;
  const required = config.requireChannels;
  const checked = looked.map(({ channel, type, state, problems }) => {
    const what = `channel ${channel} (${type})${problems.length > 0 ? `: ${problems.join('; ')}` : ''}`;
    return state === 'on' ? ok(what) : state === 'off' ? warning(what) : problem(what);
  });
  const enough =
    required === 0
      ? []
      : [
          able < required
            ? problem(`${tooFew(config.env, required, able)}: a deploy is refused`)
            : ok(
                `requireChannels ${required}: ${able} on; whether they work: npx dhash-rollout notify test --all --env ${config.env}`,
              ),
        ];
  const spool = await openNotifier(context, environment)
    .status()
    .catch((error: unknown) => {
      if (!isRightMissing(error)) throw error;
      return { waiting: [], dead: [], problem: messageOf(error) };
    });
  const { waiting, dead } = spool;
  return [
    ...(checked.length > 0
      ? checked
      : [warning('no notification channel: messages are kept in notifications/ only')]),
    ...enough,
    ...('problem' in spool ? [problem(`messages that wait: ${spool.problem}`)] : []),
    ...(waiting.length > 0
      ? [
          warning(
            `${waiting.length} messages wait: npx dhash-rollout notify status --env ${config.env}`,
          ),
        ]
      : []),
    ...(dead.length > 0
      ? [
          warning(
            `${dead.length} messages were given up: npx dhash-rollout notify status --env ${config.env}`,
          ),
        ]
      : []),
  ];
};

/** Folders in which a rollback that never came to its end left what it put aside. */
const leftovers = async ({ config, shown }: Environment): Promise<Finding[]> => {
  // A folder that can't be renamed keeps it inside.
  const places = onDisk(config.data).flatMap((source) =>
    source.type === 'files' ? [dirname(source.path), source.path] : [dirname(source.path)],
  );
  const parents = [...new Set(places)].filter(existsSync);
  const names = await Promise.all(
    parents.map(async (parent) =>
      (await readdir(parent))
        .filter((name) => name.startsWith('.dhash-restore-'))
        .map((name) => join(parent, name)),
    ),
  );
  return names
    .flat()
    .map((folder) =>
      warning(
        `${shown(folder)} holds what a rollback put aside: npx dhash-rollout rollback --env ${config.env} --resume ends it`,
      ),
    );
};

const toDeploy = (target: TargetConfig, versions: readonly string[]): Finding => {
  if (versions.length > 0) return ok(`artifacts: ${versions.join(', ')}`);
  if (target.type === 'releases') return warning('there is no artifact to deploy');
  return target.version === null
    ? ok('a deploy names its release: --version')
    : warning('target.version prints no release to deploy');
};

const service = async (context: CommandContext, environment: Environment): Promise<Finding[]> => {
  const target = environment.target({ runId: 'doctor', version: null, previous: null });
  const active = await target.current();
  const versions = await target.versions();
  const { lock, words } = await lookAtLock(target.lockFile);
  const reading = await environment.health(active).check(context.signal);
  return [
    active === null ? warning('no release is active') : ok(`release ${active} is active`),
    toDeploy(environment.config.target, versions),
    reading.ok === true
      ? ok(`health: OK at ${environment.config.url}`)
      : warning(`health: ${reading.reason ?? 'no answer'}`),
    ...(lock === null
      ? []
      : [
          lock.alive
            ? ok(`held by ${words}`)
            : warning(`a lock of a gone process: ${words}; the next command takes it over`),
        ]),
  ];
};

/** Reading a record verifies its chain. */
const records = async ({ layout, config }: Environment): Promise<Finding[]> => {
  const { runs, broken } = await surveyRuns(layout, config.env);
  return [
    ok(`records: ${runs.length} of ${runs.length + broken.length} chains verified`),
    ...broken.map((record) => problem(`record of ${record.run}: ${record.problem}`)),
    ...runs
      .filter(({ state }) => !state.closed)
      .map(({ state }) => warning(`run ${state.run} is open: ${state.status}`)),
  ];
};

/** Looks at everything that the next rollout needs, and ends with a verdict in one line. */
export const examine = async (
  context: CommandContext,
  flags: { readonly env: string },
): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const recorded = await records(environment);
  const findings = [
    ok(`configuration: ${context.configFile} and ${environment.config.gatesFile} read`),
    ...(await gatesFindings(context, environment)),
    ...(await data(environment)),
    ...(await ownPlaces(environment)),
    ...(await orProblem(copies(environment))),
    ...(environment.config.data.length === 0
      ? []
      : [
          ...(await orProblem(drill(context, environment).then((found) => [found]))),
          ...(await drillable(environment)),
        ]),
    ...(await channels(context, environment)),
    ...(await leftovers(environment)),
    ...(await service(context, environment)),
    ...(await commandFindings(context, environment)),
    ...recorded,
  ];
  const marks = { ok: '  ok      ', warning: '  warning ', problem: '  PROBLEM ' };
  for (const { level, what } of findings) context.output.line(`${marks[level]}${what}`);
  const verdict = verdictOf(flags.env, findings);
  context.output.line(verdict);
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const isRecordBroken = recorded.some(({ level }) => level === 'problem');
  return {
    exit: isRecordBroken
      ? exitCodes.notVerified
      : problems === 0
        ? exitCodes.done
        : exitCodes.failed,
    fields: { env: flags.env, verdict, problems, findings },
  };
};
