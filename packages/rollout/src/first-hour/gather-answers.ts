import { exitCodes, RolloutError } from '../errors.ts';
import type { FromOrigin } from './read-origin.ts';
import { nameFrom } from './rollout-yaml.ts';
import type { HowItRuns, ServiceAnswers } from './service-answers.ts';

/** What was typed, as far as it was. */
export interface GivenAnswers {
  readonly env: string;
  readonly service?: string;
  readonly url?: string;
  readonly run?: string;
  readonly start?: string;
  readonly stop?: string;
  readonly artifact?: string;
  readonly data: readonly string[];
  readonly rollbackData?: string;
}

/** Puts a question to a person; `null`: there is none to ask. */
export type Ask = ((question: string, proposal: string) => Promise<string>) | null;

const missing = (flags: readonly string[]): RolloutError =>
  new RolloutError(
    'answers-missing',
    exitCodes.usage,
    `there is nobody to ask here, and these were not given: ${flags.join(', ')}`,
    { hints: ['give them, or run it in a terminal: it asks six questions'] },
  );

const runsOf = (
  { run, start, stop }: GivenAnswers,
  found: HowItRuns | undefined,
): HowItRuns | null => {
  if (start !== undefined && stop !== undefined) return { kind: 'commands', start, stop };
  if (run !== undefined) return { kind: 'process', run };
  return found ?? null;
};

const restoreOrKeep = (text: string): 'restore' | 'keep' => {
  if (text === 'restore' || text === 'keep') return text;
  throw new RolloutError(
    'bad-answer',
    exitCodes.usage,
    `rollback data must be restore or keep, got "${text}"`,
  );
};

const address = (text: string): string => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))
    return text.replace(/\/+$/, '');
  throw new RolloutError(
    'bad-answer',
    exitCodes.usage,
    `"${text}" is no http:// or https:// address`,
  );
};

/**
 * The six answers, from what was typed, what the way in which it runs today says, and what a person is asked.
 *
 * @throws {RolloutError} `answers-missing`, `bad-answer` (exit 2)
 */
export const gatherAnswers = async (
  given: GivenAnswers,
  found: FromOrigin,
  folder: string,
  ask: Ask,
): Promise<ServiceAnswers> => {
  const known = runsOf(given, found.runs);
  if (ask === null) {
    const flags = [
      ...(given.url === undefined && found.url === undefined ? ['--url'] : []),
      ...(known === null ? ['--run (or --start and --stop, or --from)'] : []),
      ...(given.rollbackData === undefined ? ['--rollback-data restore|keep'] : []),
    ];
    if (flags.length > 0) throw missing(flags);
  }
  const answer = async (
    typed: string | undefined,
    question: string,
    proposal: string,
  ): Promise<string> => typed ?? (ask === null ? proposal : await ask(question, proposal));
  const service = await answer(
    given.service,
    'What is the service called?',
    found.service ?? nameFrom(folder),
  );
  const url = address(
    await answer(
      given.url ?? (ask === null ? found.url : undefined),
      'At which address does it answer?',
      found.url ?? 'http://127.0.0.1:8000',
    ),
  );
  const runs: HowItRuns = known ?? {
    kind: 'process',
    run: await answer(
      undefined,
      'Which command runs it (in the folder of a release)?',
      'python3 service.py',
    ),
  };
  const artifact = await answer(
    given.artifact,
    'Where do its releases lie? {version} is the release.',
    'releases/{version}',
  );
  const data =
    given.data.length > 0
      ? given.data
      : (await answer(undefined, 'Which folders and SQLite files does it write? Empty: none.', ''))
          .split(/[\s,]+/)
          .filter((path) => path !== '');
  const rollbackData = restoreOrKeep(
    await answer(
      given.rollbackData,
      'Is an automatic rollback also to put these back (restore), or leave them (keep)?',
      'keep',
    ),
  );
  return { service: nameFrom(service), env: given.env, url, runs, artifact, data, rollbackData };
};
