import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readManifest } from '@dhash/backup-core';
import { describeProof, drillBackup, prepareDrill } from '../../../drill/drill-backup.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';
import type { CommandContext, CommandResult } from '../../../operate/context.ts';
import { openEnvironment } from '../../../operate/environment.ts';

/** What `backup --drill FILE` was asked for beside the file. */
export interface DrillFlags {
  readonly env?: string;
  readonly scratch?: string;
  readonly dryRun?: boolean;
}

/** `backup --drill FILE`: restores it once, for real, and leaves the proof beside it. */
export const drillFile = async (
  context: CommandContext,
  given: string,
  flags: DrillFlags,
): Promise<CommandResult> => {
  const file = resolve(context.cwd, given);
  const manifest = await readManifest(file);
  const { config, shown } = await openEnvironment(context, flags.env ?? manifest.env);
  if (manifest.service !== config.service || manifest.env !== config.env)
    throw new RolloutError(
      'wrong-environment',
      exitCodes.notVerified,
      `${given} is a backup of ${manifest.service} ${manifest.env}, not of ${config.service} ${config.env}`,
    );
  const scratchIn = flags.scratch === undefined ? undefined : resolve(context.cwd, flags.scratch);
  if (scratchIn !== undefined && !existsSync(scratchIn))
    throw new RolloutError(
      'no-scratch',
      exitCodes.usage,
      `--scratch ${flags.scratch}: there is no such folder`,
      {
        hints: [
          'name one with room for the data, or leave it out: the folder of the backup is taken',
        ],
      },
    );
  const { facts, plan } = await prepareDrill(config, manifest.release);
  if (flags.dryRun === true) {
    for (const sentence of plan.sentences) context.output.line(sentence);
    context.output.line('dry run: nothing was restored and nothing started');
    return { exit: exitCodes.done, fields: { dryRun: true, file, plan } };
  }
  const proof = await drillBackup(context, {
    config,
    file,
    facts,
    ...(scratchIn === undefined ? {} : { scratchIn }),
  });
  context.output.line(`${shown(file)}: ${describeProof(proof)}`);
  if (proof.started === null) context.output.line(plan.sentences.at(-1) ?? '');
  return { exit: exitCodes.done, fields: { file, proof: `${file}.proof.json`, ...proof } };
};
