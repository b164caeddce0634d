import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { readSampleLog } from '@dhash/monitor';
import { explain, replay, type WatchPolicy } from '@dhash/quality-gates';
import { environmentsOf, gatesFor, gateWarnings, parseGates } from '@dhash/quality-gates/config';
import { loadConfig } from '../../config/load-config.ts';
import { exitCodes, messageOf, RolloutError } from '../../errors.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface GatesFlags extends GlobalOptions {
  readonly gates?: string;
  readonly env?: string;
}

interface ReplayFlags extends GatesFlags {
  readonly env: string;
  readonly samples: string;
}

export const registerGates: Register = (program, run) => {
  const gates = program
    .command('gates')
    .description('check gates, and prove them on recorded samples');
  withGlobalOptions(
    gates
      .command('check')
      .description('read the gates file and say in sentences what its gates do')
      .option('--gates <file>', 'gates file (default: the one rollout.yaml names)')
      .option('--env <name>', 'only this environment'),
  ).action((flags: GatesFlags) => run('gates check', flags, (context) => check(context, flags)));
  withGlobalOptions(
    gates
      .command('replay')
      .description('what each gate would have decided, and when, on recorded samples')
      .option('--gates <file>', 'gates file (default: the one rollout.yaml names)')
      .requiredOption('--env <name>', 'environment of the gates file')
      .requiredOption('--samples <file>', 'a samples.ndjson'),
  ).action((flags: ReplayFlags) =>
    run('gates replay', flags, (context) => replaySamples(context, flags)),
  );
};

const readText = async (file: string, what: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RolloutError(
      'file-unreadable',
      exitCodes.usage,
      `${what} ${file} cannot be read: ${messageOf(error)}`,
    );
  }
};

/** The gates file that is meant: the one given, else rollout.yaml's. A given one needs no rollout.yaml. */
const gatesFile = async (context: CommandContext, given: string | undefined): Promise<string> => {
  if (given !== undefined) return resolve(context.cwd, given);
  const { gates } = await loadConfig(context.configFile);
  return join(dirname(context.configFile), gates);
};

const shownFile = (context: CommandContext, file: string): string => {
  const shown = relative(context.cwd, file);
  return shown.startsWith('..') ? file : shown;
};

const check = async (context: CommandContext, flags: GatesFlags): Promise<CommandResult> => {
  const file = await gatesFile(context, flags.gates);
  const parsed = parseGates(await readText(file, 'the gates file'), {
    file: shownFile(context, file),
  });
  const names = flags.env === undefined ? environmentsOf(parsed) : [flags.env];
  const policies: WatchPolicy[] = names.map((name) => gatesFor(parsed, name));
  for (const policy of policies) {
    context.output.line(`${policy.environment}  (policy ${policy.fingerprint.slice(0, 12)})`);
    for (const sentence of explain(policy)) context.output.line(`  ${sentence}`);
    for (const warning of gateWarnings(policy))
      context.output.warn(`${policy.environment}: ${warning}`);
  }
  return {
    exit: exitCodes.done,
    fields: {
      file,
      environments: policies.map((policy) => ({
        environment: policy.environment,
        fingerprint: policy.fingerprint,
        sentences: explain(policy),
        warnings: gateWarnings(policy),
      })),
    },
  };
};

const replaySamples = async (
  context: CommandContext,
  flags: ReplayFlags,
): Promise<CommandResult> => {
  const file = await gatesFile(context, flags.gates);
  const policy = gatesFor(
    parseGates(await readText(file, 'the gates file'), { file: shownFile(context, file) }),
    flags.env,
  );
  const samplesFile = resolve(context.cwd, flags.samples);
  await readText(samplesFile, 'the sample log');
  const { samples } = await readSampleLog(samplesFile);
  if (samples.length === 0)
    throw new RolloutError('no-samples', exitCodes.usage, `${flags.samples} holds no sample`);
  const { history, ...last } = replay(policy, samples);
  const startedAt = history[0]?.at ?? last.at;
  const before = new Map<string, string>();
  for (const assessment of history) {
    context.output.event({ type: 'assessment', ...assessment });
    for (const [gate, verdict] of Object.entries(assessment.gates)) {
      if (before.get(gate) === verdict.verdict) continue;
      before.set(gate, verdict.verdict);
      const seconds = String(Math.round((assessment.at - startedAt) / 1000)).padStart(6);
      context.output.line(
        `${seconds} s  ${gate.padEnd(24)} ${verdict.verdict.padEnd(8)} ${verdict.sentence}`,
      );
    }
  }
  const seconds = Math.round((last.at - startedAt) / 1000);
  context.output.line(`decision: ${last.decision} at ${seconds} s`);
  for (const reason of last.reasons) context.output.line(`  ${reason}`);
  return {
    exit: exitCodes.done,
    fields: {
      decision: last.decision,
      at: last.at,
      afterMs: last.at - startedAt,
      reasons: last.reasons,
    },
  };
};
