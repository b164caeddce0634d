import { createHash } from 'node:crypto';
import { NotifierError } from '../errors.ts';

/** A mail address taken apart, so that no mail library has to guess. */
export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

const bare =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/**
 * `ops@example.org` or `Ops <ops@example.org>`; lists and groups are refused.
 * @throws NotifierError `bad-config`.
 */
export const parseAddress = (text: string): MailAddress => {
  const named = /^\s*"?([^"<>\r\n,;:]*?)"?\s*<([^<>\s]+)>\s*$/.exec(text);
  const name = named?.[1] ?? '';
  const address = named?.[2] ?? text.trim();
  if (!bare.test(address))
    throw new NotifierError(
      'bad-config',
      `${JSON.stringify(text.slice(0, 80))} is not one mail address; write ops@example.org or "Ops <ops@example.org>", several as a list`,
    );
  return { name, address };
};

/** Stands for a recipient in the spool, which holds no addresses. */
export const recipientDigest = (address: string): string =>
  createHash('sha256').update(address.toLowerCase()).digest('hex').slice(0, 16);
