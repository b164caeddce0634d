import type { Alarms, GateScore, Scorecard } from '@dhash/quality-gates/tune';
import { formatTable } from '../words/format.ts';
import type { LineToChange } from './line-to-change.ts';

/** What a card is told with: who stands behind a run's name, and where the gates file is changed. */
export interface Told {
  /** Such as `20261124T101500Z-production-deploy-3fa9 (promoted by a person)`. */
  readonly named: (run: string) => string;
  readonly lineFor: (score: GateScore) => LineToChange;
}

const count = (many: number, one: string, several = `${one}s`) =>
  `${many} ${many === 1 ? one : several}`;

const percent = (value: number) => `${Number(value.toPrecision(3))} %`;

const falseAndTrue = ({ false: wrong, true: right, undecided }: Alarms): string =>
  [
    count(wrong.length, 'false alarm'),
    `${right.length} true`,
    ...(undecided.length === 0 ? [] : [`${undecided.length} undecided`]),
  ].join(', ');

const cell = ({ false: wrong, true: right, undecided }: Alarms): string =>
  [
    ...(wrong.length === 0 ? [] : [`${wrong.length} false`]),
    ...(right.length === 0 ? [] : [`${right.length} true`]),
    ...(undecided.length === 0 ? [] : [`${undecided.length} undecided`]),
  ].join(', ') || '-';

const amountOf = (value: number, unit: string | null): string =>
  `${Number(value.toPrecision(4))}${unit === null ? '' : unit === 'percent' ? ' %' : ` ${unit}`}`;

const approach = ({ closest, unit }: GateScore): string => {
  if (closest === null) return '-';
  const { value, limit } = closest;
  const values = `${amountOf(value, unit)} of ${amountOf(limit, unit)}`;
  return closest.percent === null ? values : `${percent(closest.percent)} (${values})`;
};

const headline = (card: Scorecard): string => {
  const { deploys, good, bad, undecided, closest } = card;
  const near =
    closest === null || closest.percent === null
      ? ''
      : `, closest approach ${percent(closest.percent)} of ${closest.gate}'s limit`;
  const open = undecided === 0 ? '' : `, ${undecided} undecided`;
  return `${card.environment}: ${count(deploys, 'deploy')} (${good} good, ${bad} bad${open}), ${falseAndTrue(card.today)}${near}`;
};

const table = ({ gates, gone }: Scorecard): string[] =>
  formatTable([
    ['gate', 'on break', 'now', 'at the time', 'closest in a good run', 'not judged'],
    ...gates.map((score) => [
      score.gate,
      score.mode === 'observe' ? 'observe' : score.onBreak,
      cell(score.today),
      cell(score.atTheTime),
      approach(score),
      score.polls === 0 ? '-' : `${score.polls - score.judged} of ${count(score.polls, 'poll')}`,
    ]),
    ...gone.map(({ gate, atTheTime }) => [gate, 'gone', '-', cell(atTheTime), '-', '-']),
  ]);

const changed = ({ file, line, from, to }: LineToChange): string =>
  from === null ? `add ${to} at ${file}:${line}` : `${file}:${line}: ${from} → ${to}`;

const adviceLine = (score: GateScore, { named, lineFor }: Told): string | null => {
  const { gate, advice, closest } = score;
  switch (advice.kind) {
    case 'arm': {
      const near =
        closest === null || closest.percent === null
          ? ''
          : `, closest approach ${percent(closest.percent)}`;
      return `arm ${gate}: ${count(advice.goodRuns, 'good run')}, no false alarm${near}. ${changed(lineFor(score))}`;
    }
    case 'not yet':
      return `not yet ${gate}: ${advice.why}`;
    case 'too eager':
      return `too eager ${gate}: it is on ${score.onBreak}, and would have broken ${advice.runs.map(named).join(', ')}. Raise its limit (gates tune), or until then: ${changed(lineFor(score))}`;
    case 'keep':
      return null;
  }
};

/** A scorecard as lines for people. Pure. */
export const renderScorecard = (card: Scorecard, told: Told): string[] => {
  const advice = card.gates
    .map((score) => adviceLine(score, told))
    .filter((line) => line !== null)
    .map((line) => `  ${line}`);
  const hadBroken = Object.values(card.atTheTime).some((runs) => runs.length > 0);
  return [
    headline(card),
    ...(hadBroken ? [`  as the gates were at the time: ${falseAndTrue(card.atTheTime)}`] : []),
    ...table(card).map((row) => `  ${row}`),
    ...card.missed.map((run) => `  no gate breaks ${told.named(run)}`),
    ...advice,
  ];
};
