import type { Acts } from '../acts.ts';

/** What decides who must act after an event. Where something is not known it is null. */
export interface Standing {
  /** What the tool does next by itself. */
  readonly next: 'rollback' | 'nothing' | null;
  /** The release that answers now. */
  readonly serving: string | null;
  /** The release that the run brought. */
  readonly version: string | null;
  /** The release before it. */
  readonly previous: string | null;
  /** What a person types, by what it is for; null: no command does it here. */
  readonly commands: {
    readonly rollBack: string | null;
    /** Goes on with what stopped. */
    readonly goOn: string | null;
    /** Shows how things stand. */
    readonly look: string | null;
  };
}

const typed = (...commands: readonly (string | null)[]): string[] =>
  commands.filter((command) => command !== null);

const release = (name: string | null, otherwise: string): string =>
  name === null ? otherwise : `release ${name}`;

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const serves = ({ serving, version }: Standing): string =>
  `${sentence(release(serving ?? version, 'the new release'))} serves on`;

const rules: Readonly<Record<string, (standing: Standing) => Acts>> = {
  'gate-break': (standing) =>
    standing.next === 'rollback'
      ? {
          who: 'tool acts',
          what: `It puts ${release(standing.previous, 'the release before')} back. Do not deploy until it says that it is done.`,
        }
      : {
          who: 'you must',
          what: `Nothing is rolled back by itself. ${serves(standing)}: roll it back, or let it run.`,
          commands: typed(standing.commands.rollBack),
        },
  'rollback-withheld': (standing) => ({
    who: 'you must',
    what: `Nothing is rolled back by itself. ${serves(standing)}: roll it back, or let it run.`,
    commands: typed(standing.commands.look, standing.commands.rollBack),
  }),
  'guard-lost': ({ commands }) => ({
    who: 'you must',
    what: 'Nobody watches the release any more. Go on with the watch.',
    commands: typed(commands.look, commands.goOn),
  }),
  'way-back-gone': ({ commands }) => ({
    who: 'you must',
    what: 'A rollback would fail now, for the reason below. Mend that while the release still holds.',
    commands: typed(commands.look),
  }),
  'production-down': ({ commands }) => ({
    who: 'you must',
    what: 'Nothing serves now, and nothing starts it by itself.',
    commands: typed(commands.goOn, commands.look),
  }),
  'people-needed': ({ commands }) => ({
    who: 'you must',
    what: 'It could not be undone as a whole. See how the service is.',
    commands: typed(commands.look),
  }),
  'rollback-started': ({ previous }) => ({
    who: 'tool acts',
    what: `It puts ${release(previous, 'the release before')} back. Do not deploy until it says that it is done.`,
  }),
  'rollback-done': ({ serving, previous }) => ({
    who: 'tool has acted',
    what: `${sentence(release(serving ?? previous, 'the release before'))} serves again, and was looked at: nothing is urgent now.`,
  }),
  'rollback-failed': ({ commands, serving, version }) =>
    serving !== null && serving === version
      ? {
          who: 'you must',
          what: `The rollback stopped before it changed anything: release ${serving} serves on. Mend what stopped it, then roll back again.`,
          commands: typed(commands.look, commands.rollBack),
        }
      : {
          who: 'you must',
          what: 'The rollback stopped and does not go on by itself. See how the service is, then end it.',
          commands: typed(commands.look, commands.goOn),
        },
  'deploy-failed': (standing) =>
    standing.serving !== null && standing.serving === standing.previous
      ? {
          who: 'tool has acted',
          what: `It undid the deploy: release ${standing.serving} serves on. Nothing is to be done now.`,
        }
      : {
          who: 'you must',
          what: 'The deploy stopped and is not undone. Go on with it, or undo it.',
          commands: typed(standing.commands.look, standing.commands.goOn),
        },
  inconclusive: (standing) => ({
    who: 'you must',
    what: `${serves(standing)}, and nothing says that it is good. Look at it; roll it back if it is not.`,
    commands: typed(standing.commands.look, standing.commands.rollBack),
  }),
  'backup-shrank': ({ commands }) => ({
    who: 'you must',
    what: 'Look whether data is missing. No older backup is removed until somebody accepts this one.',
    commands: typed(commands.look),
  }),
};

/**
 * Who must act after an event, with what to type: on every message of a break, a rollback, a failure and a watch
 * that could not judge. undefined: nobody, the message only tells.
 */
export const whoActs = (event: string, standing: Standing): Acts | undefined =>
  Object.hasOwn(rules, event) ? rules[event]?.(standing) : undefined;
