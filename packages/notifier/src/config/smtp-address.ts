import { NotifierError } from '../errors.ts';

const submissionPort = 587;
const smtpsPort = 465;

/** Where mails are handed in. */
export interface SmtpAddress {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, and not after STARTTLS. */
  readonly isSecure: boolean;
  /** Empty: the server asks for none. */
  readonly user: string;
  readonly password: string;
}

const bad = (why: string): NotifierError =>
  new NotifierError('bad-config', `its smtp address ${why}`);

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    throw bad('has a % in its user or password that stands for nothing; write %25 for a %');
  }
};

/**
 * What an smtp:// address says. Nothing of it goes into an error: it holds a password.
 * @throws NotifierError `bad-config`.
 */
export const parseSmtpAddress = (text: string): SmtpAddress => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '')
    throw bad('is not smtp://[user:password@]host[:port] or smtps://…');
  const isSecure = url.protocol === 'smtps:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? smtpsPort : submissionPort) : Number(url.port),
    isSecure,
    user: decoded(url.username),
    password: decoded(url.password),
  };
};
