import { type HttpAnswer, isSuccess, statusSentence, textOf } from '../http/read-answer.ts';
import { matchBody } from './body-pattern.ts';
import { isRecord, shown, valueAt, whyNotHeld } from './expectation.ts';

/** What an answer must be to be OK; nothing at all: any 2xx. */
export interface Expectation {
  /** What its JSON must hold at least. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** What its text must fit. */
  readonly pattern: RegExp | null;
  /** JSON field (dotted for an inner one) that must be exactly this version. */
  readonly version: { readonly field: string; readonly expected: string } | null;
  /** JSON field that tells one process from another. */
  readonly process: string | null;
}

/** Why an answer is not OK, or `null`; and what it says of its process. */
export type Judged = { readonly reason: string | null; readonly process?: unknown };

/** Where services say what is wrong: plain ones, problem+json (RFC 9457), health+json. */
const reasonFields = ['reason', 'error', 'message', 'detail', 'output', 'title'] as const;
/** A reason is short; whatever a service sends under its name is not looked at beyond this. */
const mostReason = 200;

/** The reason that a failing service gives itself is what one wants to read at 3 a.m. */
const ownReason = (json: unknown): string => {
  if (!isRecord(json)) return '';
  const reason = reasonFields
    .map((field) => json[field])
    .find((value) => value !== undefined && value !== null);
  // Control characters would reach a terminal.
  const plain =
    typeof reason === 'string' ? reason.slice(0, 2 * mostReason).replace(/\p{Cc}+/gu, ' ') : '';
  return plain === '' ? '' : `: ${plain.slice(0, mostReason)}`;
};

/** A health answer is read no further: it is a line or two. */
export const mostHealthBytes = 1024 * 1024;

const isCut = ({ body }: HttpAnswer): boolean => body.length >= mostHealthBytes;

const notJson = (answer: HttpAnswer): string =>
  !isCut(answer)
    ? 'the answer is not JSON'
    : `the answer is larger than ${mostHealthBytes} bytes: no JSON is read beyond that`;

const parsed = (text: string): { readonly json: unknown } | null => {
  try {
    return { json: JSON.parse(text) };
  } catch {
    // The caller says what that means; the text itself may be anything.
    return null;
  }
};

const whyOtherVersion = (
  json: unknown,
  version: NonNullable<Expectation['version']>,
): string | null => {
  const running = valueAt(json, version.field);
  if (running === version.expected) return null;
  const got = typeof running === 'string' ? running.slice(0, 120) : shown(running);
  return `wrong version: ${got}, expected ${version.expected}`;
};

const whyNoMatch = (pattern: RegExp, text: string): string | null => {
  const matched = matchBody(pattern, text);
  if (matched === 'yes') return null;
  if (matched === 'took too long')
    return `expect.body: ${pattern} takes too long on this answer; write it without a repeat inside a repeat`;
  return `the answer is ${shown(text.slice(0, 80))}, expected ${pattern}`;
};

/** Pure, but for the time that a pattern may take. */
export const judgeAnswer = (answer: HttpAnswer, expected: Expectation): Judged => {
  const { fields, pattern, version, process } = expected;
  const text = textOf(answer);
  if (!isSuccess(answer.status)) {
    const body = isCut(answer) ? null : parsed(text);
    return {
      reason: statusSentence(answer.status) + ownReason(body?.json),
      ...(process === null || body === null ? {} : { process: valueAt(body.json, process) }),
    };
  }
  if (pattern !== null) {
    const reason = whyNoMatch(pattern, text);
    if (reason !== null) return { reason };
  }
  if (fields === null && version === null && process === null) return { reason: null };
  const body = isCut(answer) ? null : parsed(text);
  if (body === null)
    // A process that does not say when it started is well all the same.
    return { reason: fields === null && version === null ? null : notJson(answer) };
  const { json } = body;
  const reason =
    (fields === null ? null : whyNotHeld(json, fields)) ??
    (version === null ? null : whyOtherVersion(json, version));
  return { reason, ...(process === null ? {} : { process: valueAt(json, process) }) };
};
