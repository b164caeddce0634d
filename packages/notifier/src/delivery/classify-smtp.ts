import { type FailedAttempt, permanent, transient } from './attempt.ts';
import { isTlsCode } from './tls-codes.ts';

/** What is read of an error of nodemailer's; nothing else of it goes further. */
export interface SmtpFailure {
  readonly code: string;
  /** What Node called it before nodemailer did. */
  readonly originalCode: string;
  readonly responseCode: number | null;
  readonly isPermanent: boolean | null;
  readonly response: string;
  readonly command: string;
}

/** Without an answer of the server's, these are mistakes that another try can't heal. NOTIFY.md 2.2. */
const permanentCodes = new Set([
  'EENVELOPE',
  'ECONFIG',
  'EAUTH',
  'ENOAUTH',
  'EFILEACCESS',
  'EURLACCESS',
  'EOTP',
  'EMAXRECIPIENTS',
  'EMESSAGE',
]);
/** The connection failed before a message was handed over, so nothing can have arrived. */
const unsentCodes = new Set([
  'ESOCKET',
  'EDNS',
  'ETLS',
  'EREQUIRETLS',
  'EPROTOCOL',
  'EAUTH',
  'EPROXY',
]);

/** The class of an SMTP try that failed as a whole. `said` is redacted already. */
export const classifySmtp = (failure: SmtpFailure, said: string): FailedAttempt => {
  const number = failure.responseCode === null ? '' : `${failure.responseCode} `;
  const reason = `${number}${said === '' ? failure.code : said}`.trim();
  if (isTlsCode(failure.originalCode))
    return transient(`its certificate or TLS is not accepted (${failure.originalCode})`, {
      isConfig: true,
    });
  if (failure.code === 'ETLS' || failure.code === 'EREQUIRETLS')
    return transient(`no TLS with this server, and without it nothing is sent (${failure.code})`, {
      isConfig: true,
    });
  const isPermanent = failure.isPermanent ?? permanentCodes.has(failure.code);
  if (isPermanent) return permanent(reason);
  const isAmbiguous =
    failure.responseCode === null &&
    !unsentCodes.has(failure.code) &&
    !(failure.code === 'ETIMEDOUT' && failure.command === 'CONN');
  return transient(reason, { isAmbiguous });
};
