import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { NotifierError } from '../errors.ts';

/** A mail address taken apart, so that no mail library has to guess. */
export interface MailAddress {
  readonly name: string;
  /** As it goes to a server: the domain in ASCII, as A-labels where it is international. */
  readonly address: string;
  /** The part before the @ is not ASCII: only a server that offers SMTPUTF8 can serve it. */
  readonly needsUtf8: boolean;
}

// RFC 5322 3.2.4 and 3.2.2, comments one deep.
const quoted = '"(?:[^"\\\\\\p{Cc}]|\\\\[^\\p{Cc}])*"';
const comment = '\\((?:[^()\\\\\\p{Cc}]|\\\\[^\\p{Cc}])*\\)';
/** Letters and signs that need no quotes. Dots stand anywhere: some providers give out `a..b@`. */
const atoms = "(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]|(?![\\p{C}\\p{Z}])[^\\p{ASCII}])+";
const spec = `((?:${quoted}|${atoms})@(?:\\[[^\\[\\]\\s]+\\]|[^\\s"(),:;<>@\\[\\]\\\\]+))`;

const named = new RegExp(
  `^((?:${quoted}|${comment}|[^"(),:;<>\\p{Cc}])*)<\\s*${spec}\\s*>\\s*(?:${comment})?$`,
  'u',
);
const alone = new RegExp(`^${spec}(?:\\s*(${comment}))?$`, 'u');

/** RFC 5321 4.5.3.1, octets. */
const longestLocal = 64;
const longestDomain = 253;
const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

const unescaped = (text: string): string => text.slice(1, -1).replace(/\\(.)/gu, '$1');

/** Phrases as people wrote them: quotes and comments away, one space between words. */
const nameIn = (phrase: string): string =>
  phrase
    .replace(new RegExp(comment, 'gu'), ' ')
    .replace(new RegExp(quoted, 'gu'), unescaped)
    .replace(/\s+/gu, ' ')
    .trim();

/** The domain as a server takes it; null: it is none. */
const domainIn = (text: string): string | null => {
  const literal = /^\[(?:(IPv6):)?(.+)\]$/i.exec(text);
  if (literal !== null)
    return isIP(literal[2] ?? '') === (literal[1] === undefined ? 4 : 6) ? text : null;
  const ascii = /^\p{ASCII}*$/u.test(text) ? text : domainToASCII(text);
  const isDomain =
    ascii.length <= longestDomain && ascii.split('.').every((part) => label.test(part));
  return isDomain ? ascii : null;
};

/** What stands before the @, without quotes that it does not need; null: no server takes it. */
const localIn = (text: string): string | null => {
  const plain = text.startsWith('"') ? unescaped(text) : text;
  const needsQuotes = text.startsWith('"') && !new RegExp(`^${atoms}$`, 'u').test(plain);
  const local = needsQuotes ? text : plain;
  return Buffer.byteLength(local) > longestLocal || /[<>]/.test(local) ? null : local;
};

/**
 * One mailbox of RFC 5322: `ops@example.org`, `Ops <ops@example.org>`, `"Doe, Jane" <jane@example.org>`,
 * `"j doe"@example.org`, `ops@münchen.example`. Lists and groups are refused.
 * @throws NotifierError `bad-config`.
 */
export const parseAddress = (text: string): MailAddress => {
  const trimmed = text.trim();
  const found = named.exec(trimmed);
  const [phrase, written, after] =
    found !== null
      ? [found[1], found[2], undefined]
      : [undefined, ...(alone.exec(trimmed)?.slice(1, 3) ?? [])];
  const at = written?.lastIndexOf('@') ?? -1;
  const local = localIn(written?.slice(0, Math.max(0, at)) ?? '');
  const domain = domainIn(written?.slice(at + 1) ?? '');
  if (at < 1 || local === null || domain === null)
    throw new NotifierError(
      'bad-config',
      `${JSON.stringify(text.slice(0, 80))} is not one mail address; write ops@example.org or "Ops <ops@example.org>", several as a list`,
    );
  return {
    name: nameIn(phrase ?? after?.slice(1, -1) ?? ''),
    address: `${local}@${domain}`,
    needsUtf8: !/^\p{ASCII}*$/u.test(local),
  };
};

/** Stands for a recipient in the spool, which holds no addresses. */
export const recipientDigest = (address: string): string =>
  createHash('sha256').update(address.toLowerCase()).digest('hex').slice(0, 16);
