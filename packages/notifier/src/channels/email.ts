import { createHash } from 'node:crypto';
import type { SMTPTransportOptions } from 'nodemailer';
import { type ReadAttachments, readAttachments } from '../attachments.ts';
import { type MailAddress, parseAddress, recipientDigest } from '../config/addresses.ts';
import { readCertificates } from '../config/certificates.ts';
import type { ChannelOf } from '../config/channel-schema.ts';
import { addressOf, readSecretFile } from '../config/secrets.ts';
import { parseSmtpAddress } from '../config/smtp-address.ts';
import { type AttemptResult, permanent, succeeded, transient } from '../delivery/attempt.ts';
import { classifySmtp, type SmtpFailure } from '../delivery/classify-smtp.ts';
import { misconfigured } from '../delivery/misconfigured.ts';
import { isNotifierError } from '../errors.ts';
import { composeEmail } from '../render/email.ts';
import { cleanLine } from '../text/clean.ts';
import { truncate } from '../text/cut.ts';
import type { Channel, ChannelTools, Delivery, TryContext } from './channel.ts';
import { loadNodemailer } from './load-nodemailer.ts';
import { openSmtpSocket } from './smtp-socket.ts';

const saidLimit = 200;

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

const smtpOptions = (config: ChannelOf<'email'>, tryMs: number): SMTPTransportOptions => {
  const { host, port, isSecure, user, password } = parseSmtpAddress(addressOf(config));
  const pass = config.passwordFile === undefined ? password : readSecretFile(config.passwordFile);
  return {
    host,
    port,
    secure: isSecure,
    // nodemailer's default sends the password in the clear where STARTTLS is not offered.
    requireTLS: !isSecure && config.requireTls !== false,
    getSocket: openSmtpSocket,
    // A server may be slow at each step; the try as a whole is what ends it.
    connectionTimeout: tryMs,
    greetingTimeout: tryMs,
    socketTimeout: tryMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: {
      minVersion: 'TLSv1.2',
      ...(config.caFile === undefined ? {} : { ca: readCertificates(config.caFile) }),
    },
    ...(user === '' ? {} : { auth: { user, pass } }),
  };
};

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const failureOf = (error: unknown): SmtpFailure => {
  const fields = record(error);
  const text = (key: string): string => (typeof fields[key] === 'string' ? fields[key] : '');
  return {
    code: text('code'),
    originalCode: text('originalCode'),
    responseCode: typeof fields['responseCode'] === 'number' ? fields['responseCode'] : null,
    isPermanent: typeof fields['permanent'] === 'boolean' ? fields['permanent'] : null,
    response: text('response'),
    command: text('command'),
  };
};

/** What the server said of each recipient it refused, apart by whether it is for good. */
const refusals = (rejectedErrors: unknown, redact: (text: string) => string) => {
  const list = Array.isArray(rejectedErrors) ? rejectedErrors.map(record) : [];
  const refused: string[] = [];
  const later: string[] = [];
  for (const error of list) {
    const { recipient, permanent: isForGood, response } = error;
    if (typeof recipient !== 'string') continue;
    const said = truncate(redact(cleanLine(String(response ?? ''))), saidLimit);
    if (isForGood === true) refused.push(`${recipient}: ${said}`);
    else later.push(recipient);
  }
  return { refused, later };
};

const headerAddress = ({ name, address }: MailAddress) => ({ name, address });

/**
 * Who stands in the head of the mail. An address that is not ASCII would make the whole head so, and then a server
 * without SMTPUTF8 may refuse it for all: such a recipient gets the mail without being named in it.
 */
const namedInHeader = (everyone: readonly MailAddress[]): readonly MailAddress[] => {
  const plain = everyone.filter(({ needsUtf8 }) => !needsUtf8);
  return plain.length === 0 ? everyone : plain;
};

/** Recipients that can be read as an address, and what is wrong with the others. */
const recipientsOf = ({ to }: ChannelOf<'email'>) => {
  const everyone: MailAddress[] = [];
  const unreadable: string[] = [];
  for (const text of [to].flat())
    try {
      everyone.push(parseAddress(text));
    } catch (error) {
      if (!isNotifierError(error)) throw error;
      unreadable.push(error.message);
    }
  return { everyone, unreadable };
};

/** A whole mail, but for who carries it; the same bytes for the same message, but for its notes. */
export const composeMail = (
  config: ChannelOf<'email'>,
  delivery: Delivery,
  from: MailAddress,
  everyone: readonly MailAddress[],
  attached: ReadAttachments = { files: [], notes: [] },
) => {
  const { message } = delivery;
  const domain = from.address.slice(from.address.indexOf('@') + 1);
  const recipients = everyone.map(({ address }) => address.toLowerCase()).sort();
  // Only hex digits: nodemailer gives back a Message-ID as it got it.
  const messageId = `<${digest(JSON.stringify([message.id, config.name, recipients]))}@${domain}>`;
  const run = message.run === null ? null : `<${digest(message.run)}@${domain}>`;
  const { subject, text, html } = composeEmail(message, [
    ...attached.notes,
    ...delivery.notes,
    ...delivery.redelivery,
  ]).payload;
  return {
    from: headerAddress(from),
    to: namedInHeader(everyone).map(headerAddress),
    subject,
    text,
    html,
    ...(attached.files.length === 0 ? {} : { attachments: [...attached.files] }),
    messageId,
    baseBoundary: digest(messageId),
    date: new Date(message.at),
    ...(run === null ? {} : { references: run, inReplyTo: run }),
    ...(message.severity === 'critical' ? { priority: 'high' as const } : {}),
    // No out-of-office answers to a machine.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
};

/** A channel that hands mails to an SMTP server. */
export const openEmailChannel = (config: ChannelOf<'email'>, tools: ChannelTools): Channel => {
  const send = async (delivery: Delivery, context: TryContext): Promise<AttemptResult> => {
    const from = parseAddress(config.from);
    const { everyone, unreadable } = recipientsOf(config);
    if (everyone.length === 0) return permanent(unreadable.join('; '));
    const { waiting } = context;
    // Told once, with the try that serves the others.
    const untold = waiting === null ? unreadable : [];
    const recipients = everyone.filter(
      ({ address }) => waiting === null || waiting.includes(recipientDigest(address)),
    );
    if (recipients.length === 0)
      return permanent('the recipients it still waited for are no longer configured');
    const attached = await readAttachments(delivery.message.attachments ?? [], tools.attachments);
    const { createTransport } = await loadNodemailer();
    const transport = createTransport(smtpOptions(config, context.tryMs));
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), context.tryMs);
    try {
      const info = await transport.sendMail({
        ...composeMail(config, delivery, from, everyone, attached),
        // As objects: the library would take a quoted address apart once more.
        envelope: { from: headerAddress(from), to: recipients.map(headerAddress) },
        signal: AbortSignal.any([
          timeout.signal,
          ...(context.signal === undefined ? [] : [context.signal]),
        ]),
      });
      const { later, ...said } = refusals(record(info)['rejectedErrors'], tools.redact);
      const accepted = recipients.length - said.refused.length - later.length;
      const refused = [...said.refused, ...untold];
      if (later.length > 0)
        return transient(
          `accepted for ${accepted} of ${recipients.length}; to be tried again for ${later.length}`,
          { waiting: later.map(recipientDigest), refused },
        );
      const answer = truncate(tools.redact(cleanLine(info.response)), saidLimit);
      return succeeded('accepted', answer === '' ? null : answer, refused);
    } catch (error) {
      return judge(error, timeout.signal.aborted, context, {
        recipients: recipients.length,
        untold,
      });
    } finally {
      clearTimeout(timer);
      transport.close();
    }
  };

  const judge = (
    error: unknown,
    isTimeout: boolean,
    context: TryContext,
    { recipients, untold }: { readonly recipients: number; readonly untold: readonly string[] },
  ): AttemptResult => {
    if (isNotifierError(error)) throw error;
    if (context.signal?.aborted)
      return transient('cancelled', { isAmbiguous: true, isCancelled: true });
    if (isTimeout) return transient(`no answer in ${context.tryMs} ms`, { isAmbiguous: true });
    const failure = failureOf(error);
    // Not one of nodemailer's: a bug, not a delivery that failed.
    if (failure.code === '') throw error;
    const said = truncate(tools.redact(cleanLine(failure.response)), saidLimit);
    const { refused, later } = refusals(record(error)['rejectedErrors'], tools.redact);
    const result = classifySmtp(failure, said);
    // All were refused, some only for now: those alone are worth another try.
    if (later.length > 0 && refused.length > 0 && refused.length + later.length === recipients)
      return transient(result.reason, {
        waiting: later.map(recipientDigest),
        refused: [...refused, ...untold],
      });
    return result;
  };

  return {
    attempt: async (delivery, context) => {
      try {
        return await send(delivery, context);
      } catch (error) {
        if (isNotifierError(error)) return misconfigured(error);
        throw error;
      }
    },
    isTruncated: ({ message, notes, redelivery }) =>
      composeEmail(message, [...notes, ...redelivery]).isTruncated,
    close: () => undefined,
  };
};
