import { type Command, InvalidArgumentError } from 'commander';

/** Options that say what is acted on: of two values, the first must not quietly be replaced by the second. */
const ONCE = new Set([
  'env',
  'config',
  'version',
  'backup',
  'only',
  'to',
  'verify',
  'show',
  'drill',
  'copy',
  'acceptShrink',
]);

/**
 * Refuses (exit 2), of every option of a command and those below it, a value that is empty (most often a shell
 * variable that is not set), and a second value where the option says what is acted on.
 */
export const refuseUnclearValues = (command: Command): void => {
  for (const option of command.options) {
    if (!option.required && !option.optional) continue;
    const { parseArg } = option;
    const isOnce = ONCE.has(option.attributeName());
    let first: string | null = null;
    option.argParser((value: string, before: unknown) => {
      if (value === '') throw new InvalidArgumentError('It is empty: is a shell variable not set?');
      if (isOnce && first !== null)
        throw new InvalidArgumentError(`It was given before, as '${first}'.`);
      first = value;
      return parseArg === undefined ? value : parseArg(value, before);
    });
  }
  for (const below of command.commands) refuseUnclearValues(below);
};
