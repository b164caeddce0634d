/** A text that people and later processes read again: a name, a path. */
export interface Fact {
  /** What it is, for people. */
  readonly what: string;
  readonly value: string;
}

/** The facts that hold a secret, so that masking it would make them others. Pure. */
export const factsThatHold = (secret: string, facts: readonly Fact[]): readonly Fact[] =>
  secret === '' ? [] : facts.filter(({ value }) => value.includes(secret));

/**
 * The secrets that can be masked in what people see: those that are part of no fact. One that is would be said by the
 * fact all the same, and masking it would break every command that names the fact. Pure.
 */
export const maskable = (secrets: readonly string[], facts: readonly Fact[]): string[] =>
  secrets.filter((secret) => factsThatHold(secret, facts).length === 0);
