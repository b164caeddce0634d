import type { NotifierError } from '../errors.ts';
import { type FailedAttempt, permanent, transient } from './attempt.ts';

/**
 * A try that found its channel's settings unusable. A file that can't be read may be one that is being changed, or
 * that somebody mends in the morning: the message waits. What is written wrongly is refused.
 */
export const misconfigured = ({ code, message }: NotifierError): FailedAttempt =>
  code === 'bad-secret' ? transient(message, { isConfig: true }) : permanent(message);
