import { resolve } from 'node:path';
import { type ChannelConfig, channelSchema } from '@dhash/notifier';
import { keepForSchema } from './backup-schema.ts';
import { commandEnvironment, givenValues } from './command-environment.ts';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import { crossCheck } from './cross-check.ts';
import { dataSourcesOf } from './data-source.ts';
import { drillOf, targetDrillOf } from './drill.ts';
import { type IssueContext, issueAt, issuesOf, valueAt } from './issues.ts';
import { metricsSources, secretsOfMetrics } from './metrics-source.ts';
import { migrationsOf } from './migrations.ts';
import { backupFolder, stateFolder } from './own-folders.ts';
import { inOrder, type RolloutFile } from './parse-config.ts';
import { duration, present } from './parsed.ts';
import { formatPath, type Path } from './positions.ts';
import { channelNames, notifyEntry } from './recipients.ts';
import { type EnvironmentInput, environmentSchema, type FileInput } from './schema.ts';
import { secretsOf } from './secrets.ts';
import { signoffOf } from './signoff-schema.ts';
import { parseDays, parsePercent, parseSize } from './size.ts';
import { type Substituted, substitute } from './substitute.ts';
import { suggest } from './suggest.ts';
import type { EnvironmentConfig, TargetConfig } from './types.ts';

const unknownEnvironment = (file: RolloutFile, env: string): ConfigError =>
  new ConfigError([
    {
      file: file.file,
      ...file.positions.keyAt(['environments']),
      path: 'environments',
      message: `there is no environment "${env}"`,
      hint: suggest(env, file.environments),
    },
  ]);

/** A channel's own variables decide whether it is on; one that is not set turns it off. */
const openChannel = (
  file: RolloutFile,
  name: string,
  processEnv: NodeJS.ProcessEnv,
): { channel: ChannelConfig | null; substituted: Substituted; issues: ConfigIssue[] } => {
  const path = ['channels', name];
  const substituted = substitute(valueAt(file.raw, path), path, {
    processEnv,
    isPlain: file.positions.isPlain,
  });
  const context = contextOf(file, substituted);
  const unset = substituted.problems.flatMap((problem) =>
    problem.kind === 'not-set' ? [problem.variable] : [],
  );
  const problems = substituted.problems.filter(({ kind }) => kind !== 'not-set');
  const parsed = channelSchema.safeParse(substituted.value);
  const failed = failedPaths(substituted);
  const issues = [
    ...problems.map(({ path: at, message, hint }) => issueAt(context, at, message, hint)),
    ...issuesOf(parsed.error?.issues ?? [], path, context).filter(
      (issue) => !failed.has(issue.path),
    ),
  ];
  if (issues.length > 0) return { channel: null, substituted, issues };
  const raw = substituted.value as Record<string, unknown>;
  const channel =
    unset.length > 0
      ? { ...withoutAddress(raw, substituted), name, unset: [...new Set(unset)] }
      : { ...present(absoluteFiles(raw, file.root)), name };
  return { channel: channel as ChannelConfig, substituted, issues };
};

/** A channel that is off: nothing in it leads anywhere, and no text of a variable is left in it. */
const withoutAddress = (
  raw: Record<string, unknown>,
  { problems }: Substituted,
): Record<string, unknown> => {
  const unset = new Set(problems.map(({ path }) => path[2]));
  const kept = Object.entries(raw).filter(([field]) => !unset.has(field) && !isFileField(field));
  return { ...Object.fromEntries(kept), [raw['type'] === 'email' ? 'smtp' : 'url']: '' };
};

/** `urlFile`, `passwordFile`, `caFile`: paths, relative to rollout.yaml like any other. */
const isFileField = (field: string): boolean => field.endsWith('File');

const absoluteFiles = (raw: Record<string, unknown>, root: string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(raw).map(([field, value]) => [
      field,
      isFileField(field) && typeof value === 'string' ? resolve(root, value) : value,
    ]),
  );

const failedPaths = ({ problems }: Substituted): ReadonlySet<string> =>
  new Set(problems.map(({ path }) => formatPath(path)));

const contextOf = (file: RolloutFile, substituted: Substituted): IssueContext => {
  const names = new Map(substituted.used.map(({ path, names }) => [formatPath(path), names]));
  return {
    file: file.file,
    positions: file.positions,
    raw: file.raw,
    variablesAt: (path: Path) => names.get(formatPath(path)) ?? [],
  };
};

const targetOf = (
  { startTimeout, stopTimeout, ...input }: EnvironmentInput['target'],
  root: string,
): TargetConfig => {
  const limits = { startTimeoutMs: duration(startTimeout), stopTimeoutMs: duration(stopTimeout) };
  return input.type === 'releases'
    ? {
        ...input,
        ...limits,
        root: resolve(root, input.root),
        artifact: resolve(root, input.artifact),
        init: input.init ?? null,
        drill: targetDrillOf(input.drill),
      }
    : {
        ...input,
        ...limits,
        init: input.init ?? null,
        version: input.version ?? null,
        drill: targetDrillOf(input.drill),
      };
};

const MAX_SHRINK = 0.5;

const minFreeOf = (text: string | undefined) => {
  if (text === undefined) return null;
  const ratio = parsePercent(text);
  return ratio === null ? { bytes: parseSize(text) ?? 0 } : { ratio };
};

const backupOf = (
  file: RolloutFile,
  env: string,
  own: EnvironmentInput['backup'],
): EnvironmentConfig['backup'] => {
  const shared = (file.raw as FileInput).backup;
  const dir = backupFolder(file.root, env, { own: own?.dir, shared: shared?.dir });
  const maxBytes = own?.maxBytes ?? shared?.maxBytes;
  const maxShrink = own?.maxShrink ?? shared?.maxShrink;
  return {
    dir,
    keep: present(own?.keep ?? shared?.keep ?? {}),
    bounds: {
      maxBytes: maxBytes === undefined ? null : parseSize(maxBytes),
      minFree: minFreeOf(own?.minFree ?? shared?.minFree),
    },
    copies: (own?.copies ?? shared?.copies ?? []).map(({ to }) => to),
    maxShrink: maxShrink === undefined ? MAX_SHRINK : (parsePercent(maxShrink) ?? MAX_SHRINK),
    drill: drillOf(own?.drill ?? shared?.drill),
  };
};

const keepForOf = (file: RolloutFile): EnvironmentConfig['keepFor'] => {
  const { safety, incomplete, incidents, monitorLogs, messages } = keepForSchema.parse(
    valueAt(file.raw, ['keepFor']) ?? {},
  );
  return {
    safety: parseDays(safety),
    incomplete: parseDays(incomplete),
    incidents: parseDays(incidents),
    monitorLogs: parseDays(monitorLogs),
    messages: parseDays(messages),
  };
};

/**
 * One environment, ready to use: variables put in (its own and its channels' only), defaults filled,
 * paths absolute. `NAME_FILE` names a file that holds the value of `NAME`.
 *
 * @throws {ConfigError} with all that is wrong; values of variables are never in it.
 */
export const environmentConfig = (
  file: RolloutFile,
  env: string,
  processEnv: NodeJS.ProcessEnv,
): EnvironmentConfig => {
  if (!file.environments.includes(env)) throw unknownEnvironment(file, env);
  const path = ['environments', env];
  const substituted = substitute(valueAt(file.raw, path), path, {
    processEnv,
    isPlain: file.positions.isPlain,
  });
  const context = contextOf(file, substituted);
  const failed = failedPaths(substituted);
  const parsed = environmentSchema.safeParse(substituted.value);
  const issues = [
    ...substituted.problems.map(({ path: at, message, hint }) =>
      issueAt(context, at, message, hint),
    ),
    ...issuesOf(parsed.error?.issues ?? [], path, context).filter(
      (issue) => !failed.has(issue.path),
    ),
    ...crossCheck(substituted.value, path, context),
  ];
  const notify = (parsed.data?.notify ?? []).map(notifyEntry);
  const known = Object.keys((file.raw as FileInput).channels ?? {});
  const opened = channelNames(notify)
    .filter((name) => known.includes(name))
    .map((name) => openChannel(file, name, processEnv));
  issues.push(...opened.flatMap((one) => one.issues));
  if (issues.length > 0 || !parsed.success) throw new ConfigError(inOrder(issues));

  const { data: input } = parsed;
  const channels = opened.flatMap(({ channel }) => (channel === null ? [] : [channel]));
  const backup = backupOf(file, env, input.backup);
  const commands = commandEnvironment(input, {
    file,
    env,
    issueAt: (message, hint) => issueAt(context, [...path, 'envFile'], message, hint),
  });
  const data = input.data.flatMap((source) =>
    dataSourcesOf(source, { root: file.root, backups: backup.dir, commands }),
  );
  const metrics = metricsSources(file.root, input.metrics);
  return {
    root: file.root,
    service: file.service,
    env,
    url: input.url,
    gatesFile: resolve(file.root, file.gates),
    state: stateFolder(file.root, input),
    health: {
      path: input.health.path,
      timeoutMs: duration(input.health.timeout),
      expect: input.health.expect,
      version: input.health.version ?? null,
      process: input.health.process ?? null,
      tls:
        input.health.tls === undefined ? null : { caFile: resolve(file.root, input.health.tls.ca) },
    },
    targets: input.targets ?? null,
    metrics,
    data,
    backup,
    keepFor: keepForOf(file),
    target: targetOf(input.target, file.root),
    commands,
    migrations: migrationsOf(input.migrations, data, file.root),
    smoke:
      input.smoke === undefined
        ? null
        : { command: input.smoke.command, timeoutMs: duration(input.smoke.timeout) },
    rollback: { data: input.rollback.data },
    heartbeat: input.heartbeat ?? null,
    notify,
    links: { ...(file.raw as FileInput).links, ...input.links },
    requireChannels: input.requireChannels,
    requireSignoff: signoffOf(file.root, input.requireSignoff),
    channels,
    secrets: [
      ...new Set([
        ...secretsOf(
          channels,
          opened.flatMap((one) => one.substituted.values),
          [...substituted.values, ...givenValues(commands)],
          data,
        ),
        ...secretsOfMetrics(metrics),
      ]),
    ],
  };
};
