/** How things stand when a message is written; null: not known, and not shown. */
export interface Situation {
  /** The release that answers now. */
  readonly serving: string | null;
  /** How long the service was down in this run so far, ms. */
  readonly downtimeMs: number | null;
  /** Rows written since the backup, which a rollback put aside. */
  readonly rowsSetAside: number | null;
  /** The machine that the tool runs on. */
  readonly host: string | null;
  /** The person, or the account, that started the run. */
  readonly operator: string | null;
}

const texts = ['serving', 'host', 'operator'] as const;
const numbers = ['downtimeMs', 'rowsSetAside'] as const;

/** Whether a value is a {@link Situation}. */
export const isSituation = (value: unknown): value is Situation => {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    texts.every((name) => fields[name] === null || typeof fields[name] === 'string') &&
    numbers.every((name) => {
      const number = fields[name];
      return number === null || (typeof number === 'number' && number >= 0);
    })
  );
};

/** With nothing else in it, and `change` applied to its texts. */
export const mapSituation = (given: Situation, change: (text: string) => string): Situation => {
  const changed = (text: string | null): string | null => (text === null ? null : change(text));
  return {
    serving: changed(given.serving),
    downtimeMs: given.downtimeMs,
    rowsSetAside: given.rowsSetAside,
    host: changed(given.host),
    operator: changed(given.operator),
  };
};

const tenth = (number: number): string => String(Math.round(number * 10) / 10);

/** `0.4 s`, `6.1 s`, `2 min 10 s`, `1 h 5 min`. */
export const readableDuration = (ms: number): string => {
  if (ms < 59_950) return `${tenth(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
};

interface Fact {
  readonly name: string;
  readonly value: string;
}

const fact = (name: string, value: string | null): Fact[] =>
  value === null || value === '' ? [] : [{ name, value }];

/** What it cost and what runs, which stands before a message's own facts; where and who, which stands after them. */
export const situationFacts = (
  given: Situation | undefined,
): { readonly before: readonly Fact[]; readonly after: readonly Fact[] } => {
  if (given === undefined) return { before: [], after: [] };
  const { serving, downtimeMs, rowsSetAside, host, operator } = given;
  return {
    before: [
      ...fact('Serving now', serving),
      ...fact('Down for', downtimeMs === null ? null : readableDuration(downtimeMs)),
      ...fact('Rows set aside', rowsSetAside === null ? null : String(rowsSetAside)),
    ],
    after: [...fact('Host', host), ...fact('Operator', operator)],
  };
};
