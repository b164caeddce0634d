import type { DeployStep } from '../record/events.ts';
import { expectedDowntime, expectedSentence } from '../record/expected-downtime.ts';
import type { DeployFacts, DeployOptions } from './plan.ts';

const minutes = (ms: number) => (ms >= 60_000 ? `${ms / 60_000} min` : `${ms / 1000} s`);

/** The plan for people, a sentence each: what a dry run prints and the record keeps. Pure. */
export const planSentences = (
  facts: DeployFacts,
  options: DeployOptions,
  steps: DeployStep[],
  first: boolean,
) => {
  const { current, version, migrations } = facts;
  const told: Record<DeployStep, string> = {
    backup: `back up ${[...facts.data, ...facts.databases].map(({ name }) => name).join(' and ')}, stamped with release ${current ?? '(none)'}, and verify it`,
    drill: drillSentence(facts),
    init: `make the data once (${facts.data.map(({ name }) => name).join(', ') || 'none declared'}): the target's init`,
    lay: `lay release ${version} beside the others`,
    stop: `stop release ${current}`,
    'backup-stopped':
      'back up once more now that nothing writes: this one is the way back, and only what was written after it would be set aside',
    migrate: `migrate: ${migrations?.pending.join(', ') || 'nothing pending'}`,
    activate: `make ${version} the active release`,
    start: `start release ${version}`,
    health: `wait for 3 healthy answers in a row that say version ${version}`,
    smoke: 'run the smoke tests',
    'drill-stopped': `drill the backup of the stop too, in the same way, while ${version} serves; where it does not hold, all of this is undone`,
    'backup-after': `back up the new data, stamped with release ${version}, and verify it`,
  };
  const asked = facts.requireChannels;
  const implied = !options.backupFirst && steps.some((step) => step.startsWith('backup'));
  return [
    first
      ? `first deploy of ${facts.service} to ${facts.env}: nothing is running, so there is nothing to back up or to go back to`
      : `deploy ${version} to ${facts.env}, over ${current ?? 'no release'}`,
    ...(first && facts.databases.length > 0
      ? [
          `what ${facts.databases.map(({ name }) => name).join(' and ')} holds elsewhere is backed up after that, with the rest; what init does to it is not undone`,
        ]
      : []),
    ...(asked === 0
      ? []
      : [
          `first a test goes to every channel; ${asked === 1 ? 'one' : asked} of them must take it`,
        ]),
    ...steps.map((step, index) => `${index + 1}. ${told[step]}`),
    ...(implied ? [`the backup is implied: rollback.data is "${facts.rollbackData}"`] : []),
    ...(migrations?.trial ? [`tried on a copy of the data: ${migrations.trial}`] : []),
    ...downtimeSentence(facts, steps),
    ...afterwards(facts, first),
    ...(facts.prunable === undefined || facts.prunable.length === 0
      ? []
      : [`once it is promoted, old releases are removed: ${facts.prunable.join(', ')}`]),
  ];
};

const downtimeSentence = ({ earlier = [], migrations }: DeployFacts, steps: DeployStep[]) => {
  const trialMs = migrations?.trialMs ?? null;
  const tried: Readonly<Record<string, number>> = trialMs === null ? {} : { migrate: trialMs };
  const sentence = expectedSentence(expectedDowntime(earlier, steps, tried), steps);
  return sentence === null ? [] : [sentence];
};

/** What the watch after the deploy may lead to. */
const drillSentence = ({ drill, current, version }: DeployFacts): string => {
  if (drill?.kind !== 'go') return 'drill that backup';
  const sentences = drill.sentences.join('; ');
  return drill.starts === null
    ? `drill that backup: ${sentences}`
    : `drill that backup: ${sentences}; then see whether ${current} still runs once ${version} has made the copy its own, so that going back would need no data`;
};

/** What becomes of the data in an automatic rollback. */
const dataSentence = ({ rollbackData, current, version, drill }: DeployFacts): string => {
  switch (rollbackData) {
    case 'restore':
      return "the run's own backup put back";
    case 'keep':
      return 'the data kept as it is then (rollback.data: keep)';
    case 'auto':
      return drill?.kind === 'go' && drill.starts !== null
        ? `the data kept if the drill proves that ${current} runs on what ${version} makes of it, else the run's own backup put back (rollback.data: auto)`
        : "the run's own backup put back: rollback.data is auto, and no drill looks whether that is needed";
  }
};

const afterwards = (facts: DeployFacts, first: boolean): string[] => {
  const { watch, current } = facts;
  const window = `then watch for ${minutes(watch.durationMs)}`;
  if (watch.onBreak !== 'rollback') return [`${window}; a broken gate leads to: ${watch.onBreak}`];
  if (first)
    return [`${window}; a broken gate alerts (exit 5): there is no earlier release to go back to`];
  return [
    `${window}; a broken gate rolls back: ${current ?? 'no release'} is activated and ${dataSentence(facts)}`,
  ];
};
