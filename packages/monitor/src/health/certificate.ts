import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { MonitorError } from '../errors.ts';

/** The certificate that an address shows. */
export type Certificate = {
  /** Host and port. */
  readonly address: string;
  /** Last moment at which it is good, ms since the epoch. */
  readonly validToMs: number;
};

/** Below this many days somebody should have renewed it: what renews by itself does so 30 days before the end. */
const soonDays = 7;
const dayMs = 86_400_000;

/**
 * The certificate of an https address, whether it is trusted or not; `null` for http, which has none.
 * @throws MonitorError `unreachable`, `timeout`; the signal's reason when aborted.
 */
export const readCertificate = async (
  url: string,
  {
    timeoutMs,
    signal,
    caFile,
  }: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly caFile?: string },
): Promise<Certificate | null> => {
  const { protocol, hostname, port, host } = new URL(url);
  if (protocol !== 'https:') return null;
  signal.throwIfAborted();
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  const name = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = process.getBuiltinModule('node:tls').connect({
      host: name,
      port: port === '' ? 443 : Number(port),
      // Nothing is sent: what matters here is the date, also of a certificate that is not trusted.
      rejectUnauthorized: false,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === undefined ? {} : { ca }),
    });
    const onAbort = () => end(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timeout = setTimeout(
      () =>
        end(
          new MonitorError('timeout', `no certificate of ${host} within ${timeoutMs} ms`, {
            timeoutMs,
          }),
        ),
      timeoutMs,
    );
    const end = (outcome: Certificate | Error) => {
      clearTimeout(timeout);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if ('validToMs' in outcome) resolve(outcome);
      else reject(outcome);
    };
    socket.once('secureConnect', () => {
      const validToMs = Date.parse(socket.getPeerCertificate().valid_to);
      end(
        Number.isNaN(validToMs)
          ? new MonitorError('unreachable', `${host} shows no certificate`)
          : { address: host, validToMs },
      );
    });
    socket.once('error', (cause) => {
      end(new MonitorError('unreachable', `${host}: ${cause.message}`, {}, { cause }));
    });
  });
};

/** Whole days that a certificate is still good; negative: since when it is not. */
export const certificateDaysLeft = ({ validToMs }: Certificate, nowMs: number): number =>
  Math.floor((validToMs - nowMs) / dayMs);

const inWords = (ms: number): string => {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(ms / dayMs)} days`;
};

/**
 * What is to be said of a certificate before a watch that begins now, or `null`: that it has ended, ends inside the watch, or
 * ends within a week. Pure.
 */
export const certificateWarning = (
  certificate: Certificate,
  { nowMs, watchMs }: { readonly nowMs: number; readonly watchMs: number },
): string | null => {
  const leftMs = certificate.validToMs - nowMs;
  const at = new Date(certificate.validToMs).toISOString();
  const what = `the certificate of ${certificate.address}`;
  if (leftMs <= 0) return `${what} has ended (${at}); renew it`;
  if (leftMs <= watchMs)
    return `${what} ends in ${inWords(leftMs)} (${at}), inside the watch of ${inWords(watchMs)}: its checks would fail then, and a rollback would not mend that; renew it first`;
  return leftMs <= soonDays * dayMs ? `${what} ends in ${inWords(leftMs)} (${at})` : null;
};
