import { rmSync } from 'node:fs';
import { factsOf } from './facts.ts';
import type { Doom } from './kernel.ts';
import { buildMachine } from './machine.ts';
import { offered, type Typed, type } from './operators.ts';
import { backupsOf, layProject, newFolder, type OldBackups, tamperWith } from './project.ts';
import { randomOf } from './random.ts';
import { type Incident, type Story, storyOf } from './story.ts';
import type { Told } from './told.ts';
import { makeUsersData, openWorld, startMs, type World } from './world.ts';

export interface Template {
  readonly folder: string;
  readonly old: OldBackups;
}

const env = ['--env', 'production'];

const promotion = ['promote', ...env, '--now', '--reason', 'looks good'];

/** Ways out that are taken, one after the other, before a run is called one without end. */
const mostWaysOut = 8;

/** What is not known before it is typed: which backup is the newest. */
const filledIn = (world: World, argv: readonly string[]): string[] =>
  argv.map((word) => (word === 'NEWEST' ? (backupsOf(world)[0] ?? 'backups/none.zip') : word));

/** A telling: what was typed so far, and who works now. */
interface Telling {
  readonly template: Template;
  readonly world: World;
  readonly commands: Typed[];
  /** Nothing befalls the world any more. */
  isAtPeace: boolean;
}

const befall = (telling: Telling, incident: Incident): void => {
  const { world, commands, isAtPeace } = telling;
  if (isAtPeace) return;
  const { kernel } = world;
  const happened = (what: string) => world.note({ kind: 'happened', what }, 0);
  const working = commands.find(({ process }) => process.state === 'running');
  switch (incident.kind) {
    case 'drift':
      world.active = incident.to;
      world.running = { version: incident.to, sinceMs: kernel.monotonicMs() };
      happened(`somebody switches to release ${incident.to} by hand`);
      break;
    case 'clock':
      kernel.stepWall(incident.byMs);
      happened(`the clock is set by ${incident.byMs / 1000} s`);
      break;
    case 'full disk':
      world.fullUntilMs = kernel.monotonicMs() + incident.forMs;
      world.fullFrom.push(kernel.monotonicMs());
      happened(`the disk is full for ${incident.forMs} ms`);
      break;
    case 'tamper': {
      const [newest] = backupsOf(world);
      if (newest === undefined) break;
      tamperWith(
        world,
        newest,
        incident.how === 'appended'
          ? { kind: 'appended' }
          : { kind: 'replaced', by: telling.template.old.other },
      );
      happened(`somebody changes ${newest} (${incident.how})`);
      break;
    }
    case 'service ends':
      world.running = null;
      happened('the service ends');
      break;
    case 'mishap':
      world.mishaps[incident.what] = true;
      happened(`the next time, ${incident.what}`);
      break;
    case 'signal':
      working?.signal();
      break;
    case 'asked and dead':
      if (incident.who === 'service') {
        world.running = null;
        happened('the service ends, and somebody promotes it');
      }
      commands.push(type(world, promotion, { doom: null }));
      if (incident.who === 'service' || working === undefined) break;
      kernel.at(kernel.monotonicMs() + 60, () => {
        if (!telling.isAtPeace) kernel.kill(working.process);
      });
      break;
    case 'kill':
      if (working !== undefined) kernel.kill(working.process);
      break;
    case 'reboot':
      happened('the machine boots anew');
      kernel.reboot();
      world.running = null;
      break;
    case 'type':
      commands.push(type(world, filledIn(world, incident.argv), { doom: incident.doom }));
  }
};

const typeAndWait = async (
  { world, commands }: Telling,
  argv: readonly string[],
  { doom = null, wasOffered = false }: { doom?: Doom | null; wasOffered?: boolean } = {},
): Promise<Typed> => {
  const typed = type(world, filledIn(world, argv), { doom, wasOffered });
  commands.push(typed);
  await world.kernel.run();
  return typed;
};

/** Nothing goes wrong any more: whoever was well is well, and what is broken stays broken no longer. */
const mend = (world: World): void => {
  world.fullUntilMs = 0;
  for (const version of world.behaviours.keys()) world.behaviours.set(version, { kind: 'healthy' });
  Object.assign(world.mishaps, {
    stopFails: false,
    stopLies: false,
    startFails: false,
    activateLost: false,
  });
  world.note({ kind: 'happened', what: 'everything is mended' }, 0);
};

/** Nothing is left to do: every run is closed, and the active release runs. */
const isSettled = ({ facts, active, running }: World): boolean => {
  const recorded = factsOf(facts, 'recorded');
  const opened = recorded.filter(({ event }) => event.type === 'run.opened').length;
  const closed = recorded.filter(({ event }) => event.type === 'run.closed').length;
  return opened === closed && running !== null && running.version === active;
};

/** Takes the ways out that `status` recommends, until it recommends none. */
const leadOut = async (telling: Telling): Promise<string> => {
  telling.isAtPeace = true;
  mend(telling.world);
  if (isSettled(telling.world)) return '';
  // The recommended first; where it led nowhere, a person tries the next.
  const tried = new Set<string>();
  for (let taken = 0; ; taken += 1) {
    const page = (await typeAndWait(telling, ['status', ...env])).out();
    const next = offered(page).find((argv) => !tried.has(argv.join(' ')));
    if (next === undefined || taken === mostWaysOut) return page;
    tried.add(next.join(' '));
    await typeAndWait(telling, next, { wasOffered: true });
  }
};

const tell = async (telling: Telling, story: Story): Promise<string> => {
  const { world, commands } = telling;
  const { kernel } = world;
  for (const { afterMs, incident } of story.incidents)
    kernel.at(startMs + afterMs, () => befall(telling, incident));
  commands.push(type(world, story.deploy, { doom: story.doom }));
  await kernel.run();
  for (const next of story.followUps) {
    if (next.kind === 'befalls') {
      befall(telling, next.incident);
      await kernel.run();
      continue;
    }
    if (next.kind === 'typed') {
      await typeAndWait(telling, next.argv, next);
      continue;
    }
    const ways = offered((await typeAndWait(telling, ['status', ...env])).out());
    const way = ways[Math.min(next.place, ways.length - 1)];
    if (way !== undefined) await typeAndWait(telling, way, { doom: next.doom, wasOffered: true });
  }
  return leadOut(telling);
};

/** Tells a seed's story, and hands it to `judge` while its disk is still there. */
export const simulate = <T>(
  seed: number,
  template: Template,
  judge: (told: Told) => T,
): Promise<T> => {
  const random = randomOf(seed);
  return tellStory({ seed, story: storyOf(random.fork(), template.old) }, template, judge);
};

/** Tells that story; the seed decides what a story leaves open: who comes first, and random names. */
export const tellStory = async <T>(
  { seed, story }: { readonly seed: number; readonly story: Story },
  template: Template,
  judge: (told: Told) => T,
): Promise<T> => {
  buildMachine();
  const random = randomOf(seed).fork();
  const root = newFolder();
  try {
    const world = openWorld(root, random.fork());
    layProject(world, template, story);
    for (const [version, behaviour] of Object.entries(story.behaviours))
      world.behaviours.set(version, behaviour);
    if (!story.isFirst) {
      makeUsersData(world);
      world.active = '1.0';
      world.running = { version: '1.0', sinceMs: startMs };
    }
    const commands: Typed[] = [];
    const lastPage = await tell({ template, world, commands, isAtPeace: false }, story);
    return judge({ seed, story, world, commands, lastPage });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};
