import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import {
  isBackupError,
  isCopyAddress,
  type Manifest,
  type Proof,
  readManifest,
  readSidecar,
  writeProof,
} from '@dhash/backup-core';
import { type GivenBackup, withGivenBackup } from '../../../backup/copies/fetch-copy.ts';
import { describeProof } from '../../../backup/proven-backup.ts';
import { drillBackup, prepareDrill } from '../../../drill/drill-backup.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import { type Environment, openEnvironment } from '../../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';
import { requireOwn } from './require-own.ts';

/** What `backup --drill FILE` was asked for beside the file. */
export interface DrillFlags {
  readonly env?: string;
  readonly scratch?: string;
  readonly dryRun?: boolean;
}

/** `backup --drill FILE`, or the address of a copy: restores it once, for real, and leaves the proof beside it. */
export const drillFile = (
  context: CommandContext,
  given: string,
  flags: DrillFlags,
): Promise<CommandResult> => {
  const backup: GivenBackup = { given, env: flags.env };
  return withGivenBackup(context, backup, (file) => drillIt(context, given, file, flags));
};

const scratchFolder = (context: CommandContext, { scratch }: DrillFlags): string | undefined => {
  if (scratch === undefined) return undefined;
  const folder = resolve(context.cwd, scratch);
  if (existsSync(folder)) return folder;
  throw new RolloutError(
    'no-scratch',
    exitCodes.usage,
    `--scratch ${scratch}: there is no such folder`,
    {
      hints: [
        'name one with room for the data, or leave it out: the folder of the backup is taken',
      ],
    },
  );
};

const drillIt = async (
  context: CommandContext,
  given: string,
  file: string,
  flags: DrillFlags,
): Promise<CommandResult> => {
  const manifest: Manifest = await readManifest(file);
  const environment = await openEnvironment(context, flags.env ?? manifest.env);
  const { config, shown } = environment;
  requireOwn(manifest, config, given);
  const scratchIn = scratchFolder(context, flags);
  const { facts, plan } = await prepareDrill(config, manifest.release);
  const named = isCopyAddress(given) ? given : file;
  if (flags.dryRun === true) {
    for (const sentence of plan.sentences) context.output.line(sentence);
    context.output.line('dry run: nothing was restored and nothing started');
    return { exit: exitCodes.done, fields: { dryRun: true, file: named, plan } };
  }
  const scratch = scratchIn === undefined ? {} : { scratchIn };
  const { proof } = await drillBackup(context, { config, file, facts, ...scratch });
  context.output.line(`${isCopyAddress(given) ? given : shown(file)}: ${describeProof(proof)}`);
  if (proof.started === null) context.output.line(plan.sentences.at(-1) ?? '');
  const kept = isCopyAddress(given)
    ? await keepProofHere(context, environment, basename(file), proof)
    : file;
  return {
    exit: exitCodes.done,
    fields: { file: named, proof: kept === null ? null : `${kept}.proof.json`, ...proof },
  };
};

/**
 * The fetched copy goes, and its proof with it; where the very same zip also lies here, that one is proven too.
 * Returns it; null where there is none.
 */
const keepProofHere = async (
  { output }: CommandContext,
  { config, shown }: Environment,
  name: string,
  proof: Proof,
): Promise<string | null> => {
  const here = join(config.backup.dir, name);
  if (!(await isThisZip(here, proof.sha256))) {
    output.line('that zip does not lie here: this is the only record of its drill');
    return null;
  }
  await writeProof(here, proof);
  output.line(`the proof is kept beside ${shown(here)}, which has the same SHA-256`);
  return here;
};

const isThisZip = async (file: string, sha256: string): Promise<boolean> => {
  if (!existsSync(file)) return false;
  try {
    return (await readSidecar(file)) === sha256;
  } catch (error) {
    if (isBackupError(error)) return false;
    throw error;
  }
};
