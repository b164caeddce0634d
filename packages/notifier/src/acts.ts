/** Who must act on what a message says. */
export type Acts =
  | {
      /** `tool acts`: it is at work, people wait. `tool has acted`: it is over, people look. */
      readonly who: 'tool acts' | 'tool has acted';
      /** What it does or did, a sentence. */
      readonly what: string;
    }
  | {
      /** Nothing happens until a person does something. */
      readonly who: 'you must';
      readonly what: string;
      /** What to type, in this order; none: no command does it. */
      readonly commands: readonly string[];
    };

const words: Readonly<Record<Acts['who'], string>> = {
  'tool acts': 'The tool acts',
  'tool has acted': 'The tool has acted',
  'you must': 'You must act',
};

/** How a channel heads it: "You must act". */
export const actsHeading = ({ who }: Acts): string => words[who];

/** What a person types; none where the tool acts. */
export const commandsOf = (acts: Acts): readonly string[] =>
  acts.who === 'you must' ? acts.commands : [];

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Whether a value is an {@link Acts}. */
export const isActs = (value: unknown): value is Acts => {
  if (typeof value !== 'object' || value === null) return false;
  const { who, what, commands } = value as Record<string, unknown>;
  if (typeof what !== 'string') return false;
  return who === 'you must' ? isTexts(commands) : who === 'tool acts' || who === 'tool has acted';
};

/** With nothing else in it, and `change` applied to what a person reads. */
export const mapActs = (acts: Acts, change: (text: string) => string): Acts =>
  acts.who === 'you must'
    ? { who: acts.who, what: change(acts.what), commands: acts.commands.map(change) }
    : { who: acts.who, what: change(acts.what) };
