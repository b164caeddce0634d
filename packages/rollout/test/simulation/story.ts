import type { Doom } from './kernel.ts';
import type { OldBackups } from './project.ts';
import type { Random } from './random.ts';
import type { Behaviour } from './world.ts';

/** What befalls the world while commands run. */
export type Incident =
  /** Somebody switches the release by hand. */
  | { readonly kind: 'drift'; readonly to: string }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'full disk'; readonly forMs: number }
  | { readonly kind: 'tamper'; readonly how: 'appended' | 'replaced' }
  | { readonly kind: 'service ends' }
  | {
      readonly kind: 'mishap';
      readonly what: 'stopFails' | 'stopLies' | 'startFails' | 'activateLost';
    }
  /** Somebody asks for a promotion, and the watch dies before it hears of it, or the service just died. */
  | { readonly kind: 'asked and dead'; readonly who: 'watch' | 'service' }
  /** TERM to the process that works. */
  | { readonly kind: 'signal' }
  | { readonly kind: 'kill' }
  | { readonly kind: 'reboot' }
  | { readonly kind: 'type'; readonly argv: readonly string[]; readonly doom: Doom | null };

/** One seed's story, decided before it begins. */
export interface Story {
  /** Nothing is deployed yet. */
  readonly isFirst: boolean;
  readonly data: 'restore' | 'keep';
  readonly checksVersion: boolean;
  readonly behaviours: Readonly<Record<string, Behaviour>>;
  readonly deploy: readonly string[];
  readonly doom: Doom | null;
  /** After so many ms of the story. */
  readonly incidents: readonly { readonly afterMs: number; readonly incident: Incident }[];
  /** What people do next, one after the other. */
  readonly followUps: readonly FollowUp[];
}

/** `offered`: a way that `status` prints, by its place; `typed`: whatever comes to mind; `befalls`: while nobody works. */
export type FollowUp =
  | { readonly kind: 'befalls'; readonly incident: Incident }
  | { readonly kind: 'offered'; readonly place: number; readonly doom: Doom | null }
  | { readonly kind: 'typed'; readonly argv: readonly string[]; readonly doom: Doom | null };

const env = ['--env', 'production'];

const doomOf = (random: Random, share: number): Doom | null => {
  if (!random.chance(share)) return null;
  if (random.chance(0.4)) return { at: 'call', count: random.between(1, 900) };
  const how = random.pick(['before', 'torn', 'after'] as const);
  return {
    at: 'line',
    count: random.chance(0.5) ? random.between(1, 16) : random.between(1, 55),
    how,
  };
};

const behaviourOf = (random: Random): Behaviour =>
  random.pick<Behaviour>([
    { kind: 'healthy' },
    { kind: 'healthy' },
    { kind: 'healthy' },
    { kind: 'sick' },
    { kind: 'failing', afterMs: random.between(0, 20_000) },
    { kind: 'failing', afterMs: random.between(0, 20_000) },
    { kind: 'flapping', everyMs: random.between(1_500, 12_000) },
    { kind: 'dies', afterMs: random.between(2_000, 35_000) },
    { kind: 'slow', ms: random.between(200, 1_900) },
  ]);

/** What somebody at another terminal may type at any time. */
const commandOf = (random: Random, old: OldBackups): string[] => {
  const rollback = (backup: string) => ['rollback', ...env, '--backup', backup];
  return random.pick([
    ['promote', ...env, '--now', '--reason', 'looks good'],
    ['promote', ...env, '--now', '--reason', 'looks good'],
    ['pause', ...env, '--reason', 'lunch'],
    ['deploy', ...env, '--abort'],
    ['deploy', ...env, '--resume'],
    ['deploy', ...env, '--version', '1.2'],
    ['deploy', ...env, '--version', '1.2', '--supersede'],
    ['monitor', ...env],
    ['monitor', ...env, '--resume'],
    ['monitor', ...env, '--extend', '15s', '--reason', 'more'],
    rollback(old.own),
    rollback(old.foreign),
    rollback('NEWEST'),
    rollback('NEWEST'),
    ['rollback', ...env, '--resume'],
    ['rollback', ...env, '--release-only'],
    ['start', ...env, '--reason', 'it is down'],
    ['stop', ...env, '--reason', 'works on the house'],
  ]);
};

const incidentOf = (random: Random, old: OldBackups): Incident => {
  const kind = random.pick([
    ...(['type', 'type', 'type', 'type', 'drift', 'drift', 'kill', 'kill', 'signal'] as const),
    ...([
      'clock',
      'clock',
      'full disk',
      'tamper',
      'tamper',
      'service ends',
      'mishap',
      'reboot',
      'asked and dead',
    ] as const),
  ]);
  switch (kind) {
    case 'type':
      return { kind, argv: commandOf(random, old), doom: doomOf(random, 0.1) };
    case 'asked and dead':
      return { kind, who: random.pick(['watch', 'service'] as const) };
    case 'drift':
      return { kind, to: random.pick(['1.0', '1.2']) };
    case 'clock':
      return { kind, byMs: random.pick([-1, 1]) * random.pick([12_000, 600_000, 3_600_000]) };
    case 'tamper':
      return { kind, how: random.pick(['appended', 'replaced'] as const) };
    case 'full disk':
      return { kind, forMs: random.between(500, 20_000) };
    case 'mishap':
      return {
        kind,
        what: random.pick(['stopFails', 'stopLies', 'startFails', 'activateLost'] as const),
      };
    default:
      return { kind };
  }
};

/** From the first command to the end of its watch, and a little more, ms. */
const actMs = 42_000;

export const storyOf = (random: Random, old: OldBackups): Story => {
  const isFirst = random.chance(0.12);
  const many = random.pick([0, 0, 1, 1, 1, 2, 2, 3]);
  const incidents = Array.from({ length: many }, () => ({
    // Half of them within the steps, which are over after a few seconds.
    afterMs: random.chance(0.4) ? random.between(0, 8_000) : random.between(0, actMs),
    incident: incidentOf(random, old),
  }));
  return {
    isFirst,
    data: random.chance(0.85) ? 'restore' : 'keep',
    checksVersion: random.chance(0.5),
    behaviours: {
      '1.0': random.chance(0.93) ? { kind: 'healthy' } : behaviourOf(random),
      '1.1': behaviourOf(random),
      '1.2': behaviourOf(random),
    },
    deploy: [
      'deploy',
      ...env,
      '--version',
      isFirst ? '1.0' : '1.1',
      ...(random.chance(0.75) ? ['--monitor'] : []),
    ],
    doom: doomOf(random, 0.25),
    incidents,
    followUps: Array.from({ length: random.between(0, 3) }, (): FollowUp => {
      const doom = doomOf(random, 0.25);
      if (random.chance(0.12)) return { kind: 'befalls', incident: incidentOf(random, old) };
      return random.chance(0.7)
        ? { kind: 'offered', place: random.between(0, 3), doom }
        : { kind: 'typed', argv: commandOf(random, old), doom };
    }),
  };
};
