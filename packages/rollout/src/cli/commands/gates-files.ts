import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { readSampleLog } from '@dhash/monitor';
import type { Sample, WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { loadConfig } from '../../config/load-config.ts';
import type { CommandContext } from '../../environment/context.ts';
import { exitCodes, isNotThere, messageOf, RolloutError } from '../../errors.ts';
import type { GlobalOptions } from '../run-command-line.ts';

/** Options of every `gates` command. */
export interface GatesFlags extends GlobalOptions {
  readonly gates?: string;
  readonly env?: string;
}

/** As a person would type it: relative where it is below the current folder. */
export const shownFile = (context: CommandContext, file: string): string => {
  const shown = relative(context.cwd, file);
  return shown.startsWith('..') ? file : shown;
};

/** The gates file that is meant: the one given, else rollout.yaml's. A given one needs no rollout.yaml. */
export const gatesFile = async (
  context: CommandContext,
  given: string | undefined,
): Promise<string> => {
  if (given !== undefined) return resolve(context.cwd, given);
  const { gates } = await loadConfig(context.configFile);
  return resolve(dirname(context.configFile), gates);
};

const cannotRead = (what: string, file: string, error: unknown): RolloutError =>
  new RolloutError(
    'file-unreadable',
    exitCodes.usage,
    `${what} ${file} ${isNotThere(error) ? 'does not exist' : `cannot be read: ${messageOf(error)}`}`,
    { cause: error },
  );

/** @throws RolloutError (usage) where it cannot be read. */
export const readGatesText = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    throw cannotRead('the gates file', file, error);
  });

/** @throws RolloutError (usage) where it cannot be read, GatesConfigError where it does not hold. */
export const readGates = async (context: CommandContext, file: string) =>
  parseGates(await readGatesText(file), { file: shownFile(context, file) });

/** One environment's policy from a gates file, the given one or rollout.yaml's. */
export const readPolicy = async (
  context: CommandContext,
  given: string | undefined,
  environment: string,
): Promise<WatchPolicy> =>
  gatesFor(await readGates(context, await gatesFile(context, given)), environment);

/** @throws RolloutError (usage) where the file cannot be read or holds no sample. */
export const readSamples = async (context: CommandContext, given: string): Promise<Sample[]> => {
  const file = resolve(context.cwd, given);
  const content = await readFile(file).catch((error: unknown) => {
    throw cannotRead('the sample log', file, error);
  });
  const { samples } = await readSampleLog(file);
  if (content.length > 0 && content.at(-1) !== '\n'.charCodeAt(0))
    context.output.warn(
      `the last line of ${given} has no line feed: it counts as cut off, and was left out`,
    );
  if (samples.length === 0)
    throw new RolloutError('no-samples', exitCodes.usage, `${given} holds no sample`);
  return samples;
};
