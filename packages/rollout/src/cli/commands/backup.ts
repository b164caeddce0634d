import { basename, resolve } from 'node:path';
import {
  applyPrune,
  type BackupReport,
  listBackups,
  planPrune,
  verifyBackup,
} from '@dhash/backup-core';
import { Option } from 'commander';
import { exitCodes, RolloutError } from '../../errors.ts';
import { changingHolder } from '../../operate/changing-holder.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
import { type Environment, openEnvironment } from '../../operate/environment.ts';
import { busy } from '../../operate/holding.ts';
import { pinnedBackups } from '../../operate/pinned-backups.ts';
import { takeBackup } from '../../operate/take-backup.ts';
import { formatBytes, formatDuration, formatTable } from '../format.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface BackupFlags extends GlobalOptions {
  readonly env?: string;
  readonly tag?: string;
  readonly verify?: string;
  readonly list?: boolean;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
}

export const registerBackup: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('backup')
      .description('back an environment up, or verify, list and prune its backups')
      .option('--env <name>', 'environment of rollout.yaml (not needed with --verify)')
      .option('--tag <tag>', 'a word in the file name: [a-z0-9][a-z0-9._-]{0,40}')
      .addOption(
        new Option(
          '--verify <file>',
          'check one backup: sidecar, every CRC, every SHA-256',
        ).conflicts(['list', 'prune', 'tag', 'dryRun']),
      )
      .addOption(new Option('--list', 'list the backups').conflicts(['prune', 'tag', 'dryRun']))
      .option('--prune', 'remove what backup.keep does not keep')
      .option('--dry-run', 'read and pack everything, or plan the prune, and write nothing'),
  ).action((flags: BackupFlags) =>
    run('backup', flags, (context) => runBackupCommand(context, flags)),
  );
};

const runBackupCommand = async (
  context: CommandContext,
  flags: BackupFlags,
): Promise<CommandResult> => {
  if (flags.verify !== undefined) return verify(context, flags.verify);
  if (flags.env === undefined)
    throw new RolloutError('env-missing', exitCodes.usage, '--env is missing: which environment?', {
      hints: ['for example: ./scripts/backup_dhash.sh --env production'],
    });
  const environment = await openEnvironment(context, flags.env);
  if (flags.list === true) return list(context, environment);
  if (flags.prune === true) return prune(context, environment, flags.dryRun === true);
  return take(context, environment, flags);
};

const verify = async (context: CommandContext, given: string): Promise<CommandResult> => {
  const file = resolve(context.cwd, given);
  const startedMs = context.clock.now();
  const verified = await verifyBackup(file, { signal: context.signal });
  const ms = context.clock.now() - startedMs;
  context.output.line(
    `${given}: OK, ${verified.entries} entries, ${formatBytes(verified.bytes)}, sidecar, every CRC and SHA-256 checked in ${formatDuration(ms)}`,
  );
  context.output.line(
    `of ${verified.manifest.service} ${verified.manifest.env}, release ${verified.manifest.release ?? '(none)'}`,
  );
  return {
    exit: exitCodes.done,
    fields: { file, sha256: verified.sha256, entries: verified.entries, bytes: verified.bytes },
  };
};

const list = async (
  context: CommandContext,
  { config, shown }: Environment,
): Promise<CommandResult> => {
  const backups = await listBackups(config.backup.dir);
  const mine = backups.filter(({ env }) => env === config.env);
  if (mine.length === 0)
    context.output.line(`no backup of ${config.env} in ${shown(config.backup.dir)}`);
  else {
    const rows = mine.map((backup) => [
      new Date(backup.at).toISOString().slice(0, 19).replace('T', ' '),
      backup.env,
      backup.tag ?? '-',
      formatBytes(backup.bytes),
      backup.hasSidecar ? 'yes' : 'NO SIDECAR',
      shown(backup.file),
    ]);
    for (const line of formatTable([
      ['when (UTC)', 'env', 'tag', 'size', 'sidecar', 'file'],
      ...rows,
    ]))
      context.output.line(line);
  }
  return { exit: exitCodes.done, fields: { backups: mine } };
};

const prune = async (
  context: CommandContext,
  { config, layout }: Environment,
  dryRun: boolean,
): Promise<CommandResult> => {
  const backups = (await listBackups(config.backup.dir)).filter(({ env }) => env === config.env);
  const pinned = await pinnedBackups(layout, config.env);
  const plan = planPrune(backups, config.backup.keep, { now: context.clock.now(), pinned });
  for (const warning of plan.warnings) context.output.warn(warning);
  for (const { name, reasons } of plan.keep)
    context.output.line(`keep    ${name}  ${reasons.join(', ')}`);
  for (const { name, reasons } of plan.remove)
    context.output.line(`${dryRun ? 'would remove' : 'remove'}  ${name}  ${reasons.join(', ')}`);
  const removed = dryRun ? [] : await applyPrune(config.backup.dir, plan);
  return { exit: exitCodes.done, fields: { ...plan, removed } };
};

const take = async (
  context: CommandContext,
  environment: Environment,
  flags: BackupFlags,
): Promise<CommandResult> => {
  const { config, shown } = environment;
  if (config.data.length === 0)
    throw new RolloutError(
      'no-data',
      exitCodes.usage,
      `${config.env} declares no data to back up`,
      {
        hints: ['name it under "data" in rollout.yaml'],
      },
    );
  const target = environment.target({ runId: 'backup', version: null, previous: null });
  const holder = await changingHolder(environment.layout, target.lockFile);
  if (holder !== null) throw busy(config.env, holder);
  const report: BackupReport = await takeBackup(context, {
    config,
    release: await target.current(),
    ...(flags.tag === undefined ? {} : { tag: flags.tag }),
    sink: flags.dryRun === true ? 'null' : 'file',
  });
  const size = `${report.entries} entries, ${formatBytes(report.bytes)} in ${formatDuration(report.ms)}`;
  if (flags.dryRun === true)
    context.output.line(`dry run: everything can be read: ${size}; nothing was written`);
  else {
    context.output.line(`${shown(report.file)}: ${size}, verified`);
    context.output.line(
      `check it anywhere: sha256sum -c ${shown(report.file)}.sha256 && unzip -t ${shown(report.file)}`,
    );
  }
  return {
    exit: exitCodes.done,
    fields: {
      file: flags.dryRun === true ? null : report.file,
      name: basename(report.file),
      sha256: report.sha256,
      bytes: report.bytes,
      entries: report.entries,
      contentRoot: report.contentRoot,
    },
  };
};
