import { rmSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { factsOf } from './facts.ts';
import { judge } from './judge.ts';
import { makeOldBackups, newFolder } from './project.ts';
import { simulate, type Template } from './simulate.ts';
import { writtenOf } from './told.ts';

/** Seeds of one run of the tests; `SIM_SEEDS=10000` tells more stories, `SIM_SEED=7` that one alone. */
const seedCount = Number(process.env['SIM_SEEDS'] ?? 1000);
const onlySeed = process.env['SIM_SEED'];

/** The seeds of one of so many parts; each part runs in a worker of its own. */
export const seedsOf = (part: number, parts: number): number[] => {
  if (onlySeed !== undefined) return part === 1 ? [Number(onlySeed)] : [];
  return Array.from({ length: seedCount }, (_, index) => index + 1).filter(
    (seed) => seed % parts === part - 1,
  );
};

/** What every seed begins with; gone with the test. */
export const newTemplate = async (): Promise<Template> => {
  const folder = newFolder();
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, old: await makeOldBackups(folder) };
};

/** How often each thing happened. */
const countOf = (names: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(' · ');
};

/** Stories that are told in full where they break an invariant: one leads to the next. */
const mostTold = 3;

/** Tells all these stories. @returns what is wrong with the first of those that break an invariant, and the counts. */
export const tellAll = async (
  seeds: readonly number[],
): Promise<{ readonly broken: readonly string[]; readonly summary: string }> => {
  const template = await newTemplate();
  const broken: string[] = [];
  const [ends, exits, wrongSeeds]: [string[], string[], number[]] = [[], [], []];
  let [commands, kills, events] = [0, 0, 0];
  for (const seed of seeds) {
    const wrong = await simulate(seed, template, (told) => {
      const { facts } = told.world;
      commands += told.commands.length;
      kills += factsOf(facts, 'killed').length;
      events += factsOf(facts, 'recorded').length;
      ends.push(...writtenOf(facts, 'run.closed').map(({ event }) => event.outcome));
      exits.push(...factsOf(facts, 'ended').map(({ exit }) => `exit ${exit}`));
      return judge(told);
    });
    if (wrong === null) continue;
    wrongSeeds.push(seed);
    if (broken.length < mostTold) broken.push(wrong);
  }
  const summary = [
    `simulation: ${seeds.length} seeds, ${commands} commands, ${kills} of them killed, ${events} events on record`,
    `  runs ended: ${countOf(ends)}`,
    `  commands ended: ${countOf(exits)}`,
    `  seeds that break an invariant: ${wrongSeeds.length === 0 ? 'none' : wrongSeeds.join(', ')}`,
  ].join('\n');
  return { broken, summary };
};
