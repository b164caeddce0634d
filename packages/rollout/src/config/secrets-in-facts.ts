import { secretTexts } from '@dhash/notifier';
import type { EnvironmentConfig } from './types.ts';

/** A text that people and later processes read again: a name, a path. */
export interface Fact {
  /** What it is, for people. */
  readonly what: string;
  readonly value: string;
}

/** Words of the tool's own that stand in names of runs and in commands that people paste. */
const ownWords = [
  ...['deploy', 'migrate', 'rollback', 'watch', 'service', 'freeze', 'monitor', 'promote'],
  ...[
    'backup',
    'restore',
    'salvage',
    'status',
    'resume',
    'abort',
    'supersede',
    'extend',
    'reason',
    'config',
  ],
  ...['data-only', 'release-only', 'take-over', 'rollouts', 'incidents', 'monitor_logs'],
];

/** What is read again, by people and by later processes. */
export const factsOf = ({
  env,
  service,
  root,
  target,
  data,
}: Pick<EnvironmentConfig, 'env' | 'service' | 'root' | 'target' | 'data'>): Fact[] => [
  { what: "the environment's name", value: env },
  { what: "the service's name", value: service },
  { what: 'the folder of rollout.yaml', value: root },
  ...(target.type === 'releases' ? [{ what: 'target.root', value: target.root }] : []),
  ...data.map(({ name }) => ({ what: `the name of data ${name}`, value: name })),
  ...ownWords.map((value) => ({ what: `the tool's own word "${value}"`, value })),
];

/** The facts that hold a secret, or a part of one, so that masking it would make them others. Pure. */
export const factsThatHold = (secret: string, facts: readonly Fact[]): readonly Fact[] => {
  const texts = secretTexts([secret]);
  return facts.filter(({ value }) => texts.some((text) => value.includes(text)));
};
