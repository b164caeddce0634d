/** A text that people and later processes read again: a name, a path. */
export interface Fact {
  /** What it is, for people. */
  readonly what: string;
  readonly value: string;
}

/** The facts that hold a secret, so that masking it would make them others. Pure. */
export const factsThatHold = (secret: string, facts: readonly Fact[]): readonly Fact[] =>
  secret === '' ? [] : facts.filter(({ value }) => value.includes(secret));
