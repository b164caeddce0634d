import type { Sample } from '@dhash/quality-gates';
import { isMonitorError } from '../errors.ts';
import { loadKy } from '../http/load-ky.ts';
import { type HttpOptions, readAnswer } from '../http/read-answer.ts';
import { targetName } from '../sources/target-name.ts';
import { bodyPattern } from './body-pattern.ts';
import type { HealthProbe, HealthReading } from './health-probe.ts';
import { type Expectation, judgeAnswer, mostHealthBytes } from './judge-answer.ts';
import { pastChecks } from './past-checks.ts';
import { processIdentities } from './process-identity.ts';

/** Who can live with any format says so: an endpoint that makes only text answers 406 to who wants JSON alone. */
const accept = 'application/json, */*;q=0.1';

/** What {@link httpHealth} asks for. */
export interface HttpHealthOptions extends HttpOptions {
  /**
   * What the JSON answer must hold at least; nothing, or `{}`: a 2xx is enough, whatever its body.
   * `body: /regex/` (also as text, `"/regex/i"`) is matched against the first 64 Ki characters of the answer, JSON or not.
   */
  readonly expect?: Readonly<Record<string, unknown>> | undefined;
  /** JSON field (dotted for an inner one) that must be exactly the version under watch. */
  readonly version?: { readonly field: string; readonly expected: string } | undefined;
  /** JSON field by which one process is told from another: its start (s or ms since the epoch, RFC 3339), or any name of it. */
  readonly process?: string | undefined;
  /** How the target is called in `processes`. Default: host and port of its address. */
  readonly target?: string | undefined;
  /** An address outside the service. Where both fail, the fault is our own network: `ok: null`. */
  readonly control?: string | undefined;
  /** A resumed watch: the control had succeeded before, see {@link controlHasSucceeded}. */
  readonly controlSucceeded?: boolean | undefined;
  /** A resumed watch: its samples so far. What is said of the control is read from them too. */
  readonly past?: readonly Sample[] | undefined;
}

type Answered = {
  readonly reason: string | null;
  readonly status?: number;
  readonly process?: unknown;
  readonly hasEndedCertificate?: boolean;
};

const expectationOf = ({ expect = {}, version, process }: HttpHealthOptions): Expectation => {
  const { body, ...fields } = expect;
  const pattern = bodyPattern(body);
  const all = pattern === null ? expect : fields;
  return {
    fields: Object.keys(all).length === 0 ? null : all,
    pattern,
    version: version ?? null,
    process: process ?? null,
  };
};

const ask = async (
  options: HttpOptions,
  expected: Expectation,
  signal: AbortSignal,
): Promise<Answered> => {
  try {
    const most = { bytes: mostHealthBytes, beyond: 'cut' } as const;
    const answer = await readAnswer({ ...options, accept, signal, most });
    return { status: answer.status, ...judgeAnswer(answer, expected) };
  } catch (error) {
    if (!isMonitorError(error)) throw error;
    return {
      reason: error.message,
      hasEndedCertificate: error.data['code'] === 'CERT_HAS_EXPIRED',
    };
  }
};

const anySuccess: Expectation = { fields: null, pattern: null, version: null, process: null };

/**
 * Checks over HTTP. OK = 2xx within the timeout, and the JSON holds what `expect` says, and the
 * version field is the expected version: a balancer that still serves the old release is
 * `wrong version: …`, never OK.
 *
 * Not known (`ok: null`) is a check that fails while the `control` fails too, from the control's first success on (a
 * control that never answered says nothing about our network); and one that fails only because the address'
 * certificate has ended since an earlier check of this watch was OK: a rollback would not mend that.
 * @throws MonitorError `bad-options` for an `expect.body` that is no regular expression.
 */
export const httpHealth = (options: HttpHealthOptions): HealthProbe => {
  const { past = [] } = options;
  const target = options.target ?? targetName(options.url);
  const expected = expectationOf(options);
  const checks = pastChecks(past, target);
  const identities = processIdentities(checks);
  let controlSucceeded = options.controlSucceeded ?? controlHasSucceeded(past);
  let hasBeenOk = checks.some(({ health }) => health.ok === true);

  const askControl = async (signal: AbortSignal): Promise<'ok' | 'failed' | null> => {
    if (options.control === undefined) return null;
    // The control is somebody else: our headers, token and authorities are not for it.
    const { timeoutMs, fetch } = options;
    const { reason } = await ask({ url: options.control, timeoutMs, fetch }, anySuccess, signal);
    return reason === null ? 'ok' : 'failed';
  };
  const identified = (process: unknown): Pick<HealthReading, 'processes' | 'instance'> => {
    const identity = identities.of(process, Date.now());
    if (identity === null) return {};
    const { startTime, ...rest } = identity;
    return { processes: { [target]: startTime }, ...rest };
  };

  return {
    check: async (signal) => {
      // Not part of how long the service takes.
      await loadKy();
      const startedMs = performance.now();
      // Until it has succeeded once, the control is asked beside every check, else only when needed.
      const early = controlSucceeded ? null : askControl(signal);
      const [answered, beside] = await Promise.all([ask(options, expected, signal), early]);
      const { reason, status } = answered;
      const ms = Math.round(performance.now() - startedMs);
      const had = controlSucceeded;
      const control = beside ?? (reason === null ? null : await askControl(signal));
      if (control === 'ok') controlSucceeded = true;
      const facts = {
        ...(status === undefined ? {} : { status }),
        ms,
        ...(control === null ? {} : { control }),
        ...identified(answered.process),
      };
      if (reason === null) {
        hasBeenOk = true;
        return { ok: true, ...facts };
      }
      if (answered.hasEndedCertificate === true && hasBeenOk) {
        const why = `not known, the certificate of the address has ended (${reason}); a rollback would not mend it, a new certificate does`;
        return { ok: null, ...facts, certificate: 'ended', reason: why };
      }
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
    // Written by a version that gave `null` only after a control's success, and named nothing else.
    return health.control === 'ok' || (health.ok === null && health.control === 'failed');
  });
