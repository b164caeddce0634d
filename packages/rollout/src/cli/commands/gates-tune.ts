import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Sample } from '@dhash/quality-gates';
import { FEWEST_GOOD_RUNS, renderProposals, tune } from '@dhash/quality-gates/tune';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes, isNotThere, messageOf, RolloutError } from '../../errors.ts';
import type { Register } from '../register.ts';
import { type GatesFlags, readPolicy, readSamples } from './gates-files.ts';
import { ofGatesFile, withGatesFile } from './gates-options.ts';

interface TuneFlags extends GatesFlags {
  readonly env: string;
  readonly good: string;
  readonly bad?: string;
}

export const registerTune: Register = (command, run) => {
  withGatesFile(
    command
      .addOption(ofGatesFile())
      .requiredOption('--good <folder>', 'every samples.ndjson below it is a good release')
      .option('--bad <folder>', 'every samples.ndjson below it is a bad release'),
  ).action((flags: TuneFlags) => run('gates tune', flags, (context) => tuneGates(context, flags)));
};

/** Sample logs below a folder, each once, by name; also where a run is a link to what all checkouts share. */
const logsBelow = async (folder: string, seen: Set<string>): Promise<string[]> => {
  const real = await realpath(folder);
  if (seen.has(real)) return [];
  seen.add(real);
  const logs: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const entry = await stat(path).catch((error: unknown) => {
      // A link that leads nowhere.
      if (isNotThere(error)) return null;
      throw error;
    });
    if (entry?.isDirectory() === true) logs.push(...(await logsBelow(path, seen)));
    else if (entry?.isFile() === true && name === 'samples.ndjson') logs.push(path);
  }
  return logs;
};

/** The samples of every run recorded below a folder, by name. */
const runsBelow = async (context: CommandContext, given: string): Promise<Sample[][]> => {
  const files = await logsBelow(resolve(context.cwd, given), new Set()).catch((error: unknown) => {
    throw new RolloutError(
      'folder-unreadable',
      exitCodes.usage,
      `the folder ${given} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  });
  const runs: Sample[][] = [];
  for (const file of files) runs.push(await readSamples(context, file));
  return runs;
};

/** Proposes thresholds from recorded runs; on too few good ones it says why not. */
const tuneGates = async (context: CommandContext, flags: TuneFlags): Promise<CommandResult> => {
  const policy = await readPolicy(context, flags.gates, flags.env);
  const good = await runsBelow(context, flags.good);
  const bad = flags.bad === undefined ? [] : await runsBelow(context, flags.bad);
  const counts = { goodRuns: good.length, badRuns: bad.length };
  if (good.length < FEWEST_GOOD_RUNS) {
    const runs = good.length === 1 ? 'run' : 'runs';
    const why = `${good.length} good ${runs} below ${flags.good}, and fewer than ${FEWEST_GOOD_RUNS} say nothing about how far a good release may go`;
    context.output.line(`nothing is proposed: ${why}`);
    return { exit: exitCodes.inconclusive, fields: { ...counts, proposals: [], why } };
  }
  const proposals = tune(policy, good, bad);
  for (const proposal of proposals) context.output.event({ type: 'proposal', ...proposal });
  for (const line of renderProposals(proposals)) context.output.line(line);
  const isSilent = proposals.every(({ proposed }) => proposed === null);
  return {
    exit: isSilent ? exitCodes.inconclusive : exitCodes.done,
    fields: { ...counts, proposals },
  };
};
