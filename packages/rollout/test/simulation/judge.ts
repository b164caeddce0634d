import { traceLine } from './facts.ts';
import { invariants } from './invariants.ts';
import type { Told } from './told.ts';
import { startMs } from './world.ts';

/**
 * The trace of a story, without what is not the seed's: the name of its folder, and hashes, as archives hold the times
 * that the real disk gave their files.
 */
export const traceOf = ({ world: { facts, root } }: Told): string =>
  facts
    .map((fact) =>
      traceLine(fact, startMs)
        .replaceAll(root, '')
        .replaceAll(/[0-9a-f]{12,64}/g, '#'),
    )
    .join('\n');

/** Every invariant that does not hold, with the story and how to hear it again; `null`: all hold. */
export const judge = (told: Told): string | null => {
  const broken = invariants.flatMap(({ name, check }) => {
    const wrong = check(told);
    return wrong === null ? [] : [`  ${name}:\n    ${wrong.replaceAll('\n', '\n    ')}`];
  });
  if (broken.length === 0) return null;
  return [
    `seed ${told.seed} breaks ${broken.length === 1 ? 'an invariant' : `${broken.length} invariants`}:`,
    ...broken,
    `its story: ${JSON.stringify(told.story)}`,
    traceOf(told),
    `again: SIM_SEED=${told.seed} npx vitest run --project @dhash/rollout packages/rollout/test/simulation/seeds-1`,
  ].join('\n');
};
