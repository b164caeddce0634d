import type { CheckReading, Sample } from '@dhash/quality-gates';
import { isMonitorError } from '../errors.ts';
import {
  type HttpAnswer,
  type HttpOptions,
  isSuccess,
  readText,
  statusSentence,
} from '../http/read-text.ts';
import { isRecord, shown, valueAt, whyNotHeld } from './expectation.ts';

/** A check as it is logged: `control` says that the control address was asked, and how it went. */
export type HealthReading = CheckReading & { readonly control?: 'ok' | 'failed' };

/** Asks once whether the service is well. */
export interface HealthProbe {
  /** Never throws for a service that is not well; rejects with the signal's reason when aborted. */
  check(signal: AbortSignal): Promise<HealthReading>;
}

/** What {@link httpHealth} asks for. */
export interface HttpHealthOptions extends HttpOptions {
  /** What the JSON answer must hold at least; nothing: a 2xx is enough. */
  readonly expect?: Readonly<Record<string, unknown>> | undefined;
  /** JSON field (dotted for an inner one) that must be exactly the version under watch. */
  readonly version?: { readonly field: string; readonly expected: string } | undefined;
  /** An address outside the service. Where both fail, the fault is our own network: `ok: null`. */
  readonly control?: string | undefined;
  /** A resumed watch: the control had succeeded before, see {@link controlHasSucceeded}. */
  readonly controlSucceeded?: boolean | undefined;
}

type Answered = { readonly reason: string | null; readonly status?: number };

/** The reason that a failing service gives itself is what one wants to read at 3 a.m. */
const ownReason = (text: string): string => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return '';
  }
  if (!isRecord(parsed)) return '';
  const reason = parsed['reason'] ?? parsed['error'] ?? parsed['message'];
  // Control characters would reach a terminal.
  const plain = typeof reason === 'string' ? reason.replace(/\p{Cc}+/gu, ' ') : '';
  return plain === '' ? '' : `: ${plain.slice(0, 200)}`;
};

/** Why this answer is no OK, or `null`. Pure. */
const judgeAnswer = (
  answer: HttpAnswer,
  { expect, version }: Pick<HttpHealthOptions, 'expect' | 'version'>,
): string | null => {
  if (!isSuccess(answer.status)) return statusSentence(answer.status) + ownReason(answer.text);
  if (expect === undefined && version === undefined) return null;
  let json: unknown;
  try {
    json = JSON.parse(answer.text);
  } catch {
    return 'the answer is not JSON';
  }
  const unmet = expect === undefined ? null : whyNotHeld(json, expect);
  if (unmet !== null) return unmet;
  if (version === undefined) return null;
  const running = valueAt(json, version.field);
  if (running === version.expected) return null;
  const got = typeof running === 'string' ? running.slice(0, 120) : shown(running);
  return `wrong version: ${got}, expected ${version.expected}`;
};

const ask = async (options: HttpHealthOptions, signal: AbortSignal): Promise<Answered> => {
  try {
    const answer = await readText({ ...options, accept: 'application/json', signal });
    return { reason: judgeAnswer(answer, options), status: answer.status };
  } catch (error) {
    if (isMonitorError(error)) return { reason: error.message };
    throw error;
  }
};

/**
 * Checks over HTTP. OK = 2xx within the timeout, and the JSON holds what `expect` says, and the
 * version field is the expected version: a balancer that still serves the old release is
 * `wrong version: …`, never OK.
 *
 * With `control`, a check that fails while the control fails too is `ok: null` (not known), from the
 * control's first success on: a control that never answered says nothing about our network.
 */
export const httpHealth = (options: HttpHealthOptions): HealthProbe => {
  let controlSucceeded = options.controlSucceeded ?? false;

  const askControl = async (signal: AbortSignal): Promise<'ok' | 'failed' | null> => {
    if (options.control === undefined) return null;
    const { url: _, headers: __, expect: ___, version: ____, ...rest } = options;
    const { reason } = await ask({ ...rest, url: options.control }, signal);
    return reason === null ? 'ok' : 'failed';
  };

  return {
    check: async (signal) => {
      const startedMs = performance.now();
      // Until it has succeeded once, the control is asked beside every check, else only when needed.
      const early = controlSucceeded ? null : askControl(signal);
      const [{ reason, status }, beside] = await Promise.all([ask(options, signal), early]);
      const ms = Math.round(performance.now() - startedMs);
      const had = controlSucceeded;
      const control = beside ?? (reason === null ? null : await askControl(signal));
      if (control === 'ok') controlSucceeded = true;
      const facts = {
        ...(status === undefined ? {} : { status }),
        ms,
        ...(control === null ? {} : { control }),
      };
      if (reason === null) return { ok: true, ...facts };
      if (control === 'failed' && had) {
        return {
          ok: null,
          ...facts,
          reason: `not known, the control check failed too (${reason})`,
        };
      }
      return { ok: false, ...facts, reason };
    },
  };
};

/** Whether the control address succeeded in these samples: what a resumed watch must remember. */
export const controlHasSucceeded = (past: readonly Sample[]): boolean =>
  past.some((sample) => {
    if (!('health' in sample) || sample.health === undefined) return false;
    const health: HealthReading = sample.health;
    // `null` is only ever given after a success.
    return health.control === 'ok' || health.ok === null;
  });
