import { resolve } from 'node:path';
import { type Replay, replay, type WatchPolicy } from '@dhash/quality-gates';
import { type Difference, differences } from '@dhash/quality-gates/tune';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { exitCodes } from '../../errors.ts';
import { type RecordedWatch, watchOfLog } from '../../pages/recorded-watch.ts';
import { formatTable } from '../../words/format.ts';
import type { Register } from '../register.ts';
import { type GatesFlags, gatesFile, readPolicy, readSamples, shownFile } from './gates-files.ts';
import { withGatesFile } from './gates-options.ts';

interface ReplayFlags extends GatesFlags {
  readonly env: string;
  readonly samples: string;
  readonly against?: string;
}

export const registerReplay: Register = (command, run) => {
  withGatesFile(
    command
      .requiredOption('--env <name>', 'environment of the gates file')
      .requiredOption('--samples <file>', 'a samples.ndjson')
      .option(
        '--against <file>',
        'another gates file; says which gates break earlier than under it',
      ),
  ).action((flags: ReplayFlags) =>
    run('gates replay', flags, (context) => replaySamples(context, flags)),
  );
};

const secondsInto = (startedAt: number, at: number): number => Math.round((at - startedAt) / 1000);

const showHistory = (context: CommandContext, { history }: Replay, startedAt: number): void => {
  const before = new Map<string, string>();
  for (const assessment of history) {
    context.output.event({ type: 'assessment', ...assessment });
    for (const reason of assessment.reasons)
      if (reason.startsWith('sample refused: '))
        context.output.line(
          `${String(secondsInto(startedAt, assessment.at)).padStart(6)} s  ${reason}`,
        );
    for (const [gate, verdict] of Object.entries(assessment.gates)) {
      if (before.get(gate) === verdict.verdict) continue;
      before.set(gate, verdict.verdict);
      const seconds = String(secondsInto(startedAt, assessment.at)).padStart(6);
      context.output.line(
        `${seconds} s  ${gate.padEnd(24)} ${verdict.verdict.padEnd(8)} ${verdict.sentence}`,
      );
    }
  }
};

/** The verdict a gate ended with under one policy, and when it broke. */
const ending = (replayed: Replay, gate: string, startedAt: number): string => {
  const verdict = replayed.gates[gate];
  if (verdict === undefined) return 'no such gate';
  if (verdict.verdict !== 'break') return verdict.verdict;
  const broke = replayed.history.find(({ gates }) => gates[gate]?.verdict === 'break');
  return `break at ${secondsInto(startedAt, broke?.at ?? replayed.at)} s`;
};

const decided = ({ decision, at }: Replay, startedAt: number): string =>
  `${decision} at ${secondsInto(startedAt, at)} s`;

const sideBySide = (
  [other, its]: readonly [Replay, Replay],
  titles: readonly [string, string],
  found: readonly Difference[],
  startedAt: number,
): string[] => {
  const names = [...new Set([...Object.keys(other.gates), ...Object.keys(its.gates)])];
  return formatTable([
    ['', ...titles, ''],
    ...names.map((gate) => [
      gate,
      ending(other, gate, startedAt),
      ending(its, gate, startedAt),
      found.find((each) => each.gate === gate)?.sentence.slice(gate.length + 1) ?? '',
    ]),
    ['decision', decided(other, startedAt), decided(its, startedAt), ''],
  ]);
};

/** The gates to compare with: another file's, else those that the watch of this log really ran with. */
const comparedWith = async (
  context: CommandContext,
  flags: ReplayFlags,
  policy: WatchPolicy,
  watch: RecordedWatch | null,
): Promise<{ title: string; policy: WatchPolicy } | null> => {
  if (flags.against !== undefined)
    return { title: flags.against, policy: await readPolicy(context, flags.against, flags.env) };
  if (watch === null || watch.policy.fingerprint === policy.fingerprint) return null;
  return { title: 'as it ran', policy: watch.policy };
};

/**
 * What each gate would have decided, and when, on recorded samples: beside another file's gates with
 * `--against`, and beside those it ran with where the log lies with its run's record and they are others.
 */
const replaySamples = async (
  context: CommandContext,
  flags: ReplayFlags,
): Promise<CommandResult> => {
  const policy = await readPolicy(context, flags.gates, flags.env);
  const samples = await readSamples(context, flags.samples);
  const watch = await watchOfLog(resolve(context.cwd, flags.samples));
  const against = await comparedWith(context, flags, policy, watch);
  const replayed = replay(policy, samples, watch?.start);
  const startedAt = replayed.history[0]?.at ?? replayed.at;
  showHistory(context, replayed, startedAt);
  context.output.line(`decision: ${decided(replayed, startedAt)}`);
  for (const reason of replayed.reasons) context.output.line(`  ${reason}`);
  if (replayed.decision === 'continue')
    context.output.warn(
      `the log stops ${secondsInto(replayed.at, startedAt + policy.durationMs)} s before the end of the watch: nothing was decided`,
    );
  const fields = {
    decision: replayed.decision,
    at: replayed.at,
    afterMs: replayed.at - startedAt,
    reasons: replayed.reasons,
  };
  if (against === null) return { exit: exitCodes.done, fields };

  const other = replay(against.policy, samples, watch?.start);
  const found = differences(other, replayed);
  const titles = [
    against.title,
    shownFile(context, await gatesFile(context, flags.gates)),
  ] as const;
  context.output.line('');
  for (const row of sideBySide([other, replayed], titles, found, startedAt))
    context.output.line(row);
  if (found.length === 0) context.output.line('no gate breaks at another time');
  for (const difference of found) context.output.event({ type: 'difference', ...difference });
  return {
    exit: exitCodes.done,
    fields: {
      ...fields,
      against: {
        file: flags.against ?? null,
        decision: other.decision,
        at: other.at,
        afterMs: other.at - startedAt,
        reasons: other.reasons,
      },
      differences: found,
    },
  };
};
