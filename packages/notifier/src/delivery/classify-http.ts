import type { HttpAnswer } from '../channels/http-post.ts';
import { type AttemptResult, permanent, transient } from './attempt.ts';
import { serverHintMs } from './server-hint.ts';

/** Statuses worth another try. NOTIFY.md 2.3. */
const transientStatuses = new Set([
  408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529,
]);
/** The address is gone: not to be used again by this process. */
const goneStatuses = new Set([404, 410]);

/** What a person should know about a status, where its number does not say it. */
const meanings: Readonly<Record<number, string>> = {
  301: 'redirects are refused',
  302: 'redirects are refused',
  303: 'redirects are refused',
  307: 'redirects are refused',
  308: 'redirects are refused',
  401: 'the address or its secret is not accepted',
  403: 'the address or its secret is not accepted',
  413: 'the message is too big for the receiver',
};

/**
 * A try that did not end in 2xx (or whose 2xx carries another status in its text); `gone` says what
 * a 404 or 410 means for this kind of channel.
 */
export const classifyStatus = (
  status: number,
  answer: HttpAnswer,
  nowMs: number,
  gone = 'the webhook is gone or mistyped',
): AttemptResult => {
  const said = answer.said === '' ? '' : ` ${answer.said}`;
  const meaning = goneStatuses.has(status) ? gone : meanings[status];
  const reason = `${status}${said}${meaning === undefined ? '' : `: ${meaning}`}`;
  if (transientStatuses.has(status))
    return transient(reason, { hintMs: serverHintMs(answer, nowMs) });
  return permanent(reason, { isGone: goneStatuses.has(status) });
};

/** Whether the status alone means that the receiver took the message. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300;
