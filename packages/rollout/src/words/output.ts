import { redactor } from '@dhash/notifier';
import { visible, visibleJson, visibleView } from './visible.ts';

/**
 * Where a command's words go. In `--json`, stdout holds one JSON event a line and nothing else. Whatever a text for
 * people quotes, no control or bidi character of it reaches them.
 */
export interface Output {
  readonly json: boolean;
  readonly color: boolean;
  /** True on a terminal that can be redrawn; never in `--json`. */
  readonly interactive: boolean;
  /** Columns of the terminal; 100 where there is none. */
  readonly width: number;
  /** Rows of the terminal; `undefined` where there is none. */
  readonly height: number | undefined;
  /** A line for people. */
  line(text: string): void;
  /** A line that only `--verbose` shows. */
  detail(text: string): void;
  /** A problem that does not stop the command. */
  warn(text: string): void;
  /** A line for people that stays out of stdout, whatever the mode: where stdout is for a program. */
  aside(text: string): void;
  /** Text for people without a newline of its own: redrawn views, whose own codes pass. */
  write(text: string): void;
  /** One machine-readable event. Shown only in `--json`. */
  event(event: { type: string } & Record<string, unknown>): void;
  /**
   * From now on these are masked in all that is shown, and in what `redact` gives, but where they are part of a fact: it
   * would be said all the same, and masking it would break every command that names it.
   */
  hide(secrets: readonly string[], facts: readonly string[]): void;
  /** The text without secrets: for records and errors, which quote what commands print. */
  redact(text: string): string;
}

export interface Streams {
  readonly stdout: {
    write(text: string): unknown;
    isTTY?: boolean;
    columns?: number;
    rows?: number;
  };
  readonly stderr: {
    write(text: string): unknown;
    isTTY?: boolean;
    columns?: number;
    rows?: number;
  };
}

export interface OutputOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Also receives each line for people: the log that a dry run is named for. */
  readonly copyTo?: (text: string) => void;
}

export const createOutput = (streams: Streams, options: OutputOptions): Output => {
  const people = options.json ? streams.stderr : streams.stdout;
  const color =
    people.isTTY === true &&
    (options.env['NO_COLOR'] ?? '') === '' &&
    options.env['TERM'] !== 'dumb';
  let redact = redactor([]);
  const line = (text: string) => {
    const shown = visible(redact(text));
    people.write(`${shown}\n`);
    options.copyTo?.(`${shown}\n`);
  };
  return {
    json: options.json,
    color,
    interactive: !options.json && people.isTTY === true && options.env['TERM'] !== 'dumb',
    // A terminal that was never told its size says 0.
    width: people.columns || 100,
    height: people.rows,
    line,
    detail: (text) => {
      if (options.verbose) line(text);
    },
    warn: (text) => line(`warning: ${text}`),
    aside: (text) => {
      streams.stderr.write(`${visible(redact(text))}\n`);
    },
    write: (text) => {
      people.write(visibleView(redact(text)));
    },
    event: (event) => {
      if (options.json)
        streams.stdout.write(`${visibleJson(JSON.stringify(redactTexts(event, redact)))}\n`);
    },
    hide: (secrets, facts) => {
      redact = redactor(secrets, facts);
    },
    redact: (text) => redact(text),
  };
};

/** The same value with every text in it redacted; keys stay. */
const redactTexts = <T>(value: T, redact: (text: string) => string): T =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? redact(part) : part)),
  ) as T;
