import { MonitorError } from '../errors.ts';
import { runWithin } from '../run-within.ts';

/** A text answer is matched in its first characters only. */
const mostCharacters = 64 * 1024;
/**
 * A pattern with nested repeats takes longer than the universe lasts on a text that almost fits. It runs in the
 * thread of the polls, so it is stopped. A sound one takes less than a millisecond; the rest is for a machine that is
 * too busy to let it run, which says nothing about the service.
 */
const mostMs = 1000;

/** Whether a text fits: `no`, or why it could not be told. */
export type Matched = 'yes' | 'no' | 'took too long';

/** `/regex/flags` as text, or `null` where it is none: then it is a JSON field's value. */
const readPattern = (text: string): { source: string; flags: string } | null => {
  const end = text.lastIndexOf('/');
  if (!text.startsWith('/') || end === 0) return null;
  const flags = text.slice(end + 1);
  return /^[a-z]*$/.test(flags) ? { source: text.slice(1, end), flags } : null;
};

/**
 * The pattern of `expect: { body: /regex/ }`; `null` where `body` is no pattern.
 * @throws MonitorError `bad-options` for one that is no regular expression.
 */
export const bodyPattern = (body: unknown): RegExp | null => {
  const read =
    body instanceof RegExp
      ? { source: body.source, flags: body.flags }
      : typeof body === 'string'
        ? readPattern(body)
        : null;
  if (read === null) return null;
  try {
    // Without memory of where it was, which g and y would give it.
    return new RegExp(read.source, read.flags.replace(/[gy]/g, ''));
  } catch (cause) {
    throw new MonitorError(
      'bad-options',
      `expect.body: /${read.source}/${read.flags} is no regular expression`,
      {},
      { cause },
    );
  }
};

/** Matches in at most {@link mostMs} ms, whatever the pattern and the text are. */
export const matchBody = (pattern: RegExp, text: string): Matched => {
  const first = text.slice(0, mostCharacters);
  // `/^OK$/` is meant to fit what `echo OK` writes.
  const matched = runWithin(mostMs, () => pattern.test(first) || pattern.test(first.trimEnd()));
  if (matched === null) return 'took too long';
  return matched.result ? 'yes' : 'no';
};
