import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { FEWEST_GOOD_RUNS, type RunEnding, scorecard } from '@dhash/quality-gates/tune';
import { layoutsOf, surveyAll } from '../../environment/all-layouts.ts';
import { type CommandContext, type CommandResult, commandHint } from '../../environment/context.ts';
import { exitCodes } from '../../errors.ts';
import type { RecordedRun } from '../../record/runs.ts';
import { lineToChange } from '../../scorecard/line-to-change.ts';
import { pastRuns } from '../../scorecard/past-runs.ts';
import { renderScorecard } from '../../scorecard/render-scorecard.ts';
import type { Register } from '../register.ts';
import { type GatesFlags, gatesFile, readGatesText, shownFile } from './gates-files.ts';
import { withGatesFile } from './gates-options.ts';

export const registerScorecard: Register = (command, run) => {
  withGatesFile(command.option('--env <name>', 'only this environment')).action(
    (flags: GatesFlags) =>
      run('gates scorecard', flags, (context) => showScorecards(context, flags)),
  );
};

const endings: Record<RunEnding, string> = {
  promoted: 'promoted',
  overridden: 'promoted by a person',
  'rolled back': 'rolled back',
  returned: 'rolled back, and promoted later',
  undecided: 'undecided',
};

const isWatchedDeploy = ({ state }: RecordedRun) => state.kind === 'deploy' && state.watch !== null;

/** How the gates did on the deploys that are on record, an environment each. */
const showScorecards = async (
  context: CommandContext,
  flags: GatesFlags,
): Promise<CommandResult> => {
  const path = await gatesFile(context, flags.gates);
  const text = await readGatesText(path);
  const file = shownFile(context, path);
  const parsed = parseGates(text, { file });
  if (flags.env !== undefined) gatesFor(parsed, flags.env);
  const survey = await surveyAll(context, flags.env ?? null);
  for (const { run, problem } of survey.broken)
    context.output.warn(`the record of ${run} is left out: ${problem}`);
  const watched = new Set(survey.runs.filter(isWatchedDeploy).map(({ state }) => state.env));
  const layouts = await layoutsOf(context);
  const environments = [];
  for (const env of watched) {
    const policy = parsed.policies.get(env);
    if (policy === undefined) {
      context.output.warn(`${env}: it has watched deploys on record, and no gates in ${file}`);
      continue;
    }
    const recorded = survey.runs.filter(({ state }) => state.env === env);
    const { runs, withoutSamples } = await pastRuns(layouts, recorded, policy);
    const card = scorecard(policy, runs);
    const endingOf = new Map(runs.map(({ run, ending }) => [run, ending]));
    const lines = renderScorecard(card, {
      named: (run) => `${run} (${endings[endingOf.get(run) ?? 'undecided']})`,
      lineFor: (score) => lineToChange({ text, file }, policy, score),
    });
    for (const line of lines) context.output.line(line);
    for (const { run, why } of withoutSamples)
      context.output.warn(`${run} counts by its record alone: ${why}`);
    for (const score of card.gates)
      context.output.event({
        type: 'gate-score',
        env,
        ...score,
        ...(score.advice.kind === 'arm' || score.advice.kind === 'too eager'
          ? { change: lineToChange({ text, file }, policy, score) }
          : {}),
      });
    const { gates, ...counts } = card;
    environments.push({
      ...counts,
      runs: runs.map(({ run, ending, brokeAtTheTime }) => ({ run, ending, brokeAtTheTime })),
      withoutSamples,
    });
  }
  if (environments.length === 0) {
    const where = flags.env === undefined ? '' : ` of ${flags.env}`;
    context.output.line(
      `no watched deploy${where} is on record yet: after ${FEWEST_GOOD_RUNS} good ones this says which gates can be armed`,
    );
    context.output.line(
      `until then: ${commandHint(context, 'gates backtest --promql URL')} judges what a Prometheus has recorded`,
    );
  } else
    context.output.line(
      'a break is a false alarm where the release stayed or came back unchanged, true where it was taken out for good',
    );
  return { exit: exitCodes.done, fields: { environments } };
};
