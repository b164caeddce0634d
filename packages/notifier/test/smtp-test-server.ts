import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

/** What a mail server got. */
export interface ReceivedMail {
  readonly to: readonly string[];
  readonly raw: string;
  readonly wasEncrypted: boolean;
  readonly user: string | null;
}

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url), 'utf8');

/** Path of the certificate that {@link startSmtpServer} shows. */
export const caFile = fileURLToPath(new URL('fixtures/tls/cert.pem', import.meta.url));

/** One of the same key that was over in 2021. */
export const expiredFile = fileURLToPath(new URL('fixtures/tls/expired.pem', import.meta.url));

/** A server that greets late, takes everything, has no extensions, and keeps what it is told word by word. */
export const startPlainServer = async ({ greetsAfterMs = 0 } = {}) => {
  const lines: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    setTimeout(() => socket.write('220 mail.test ESMTP\r\n'), greetsAfterMs);
    let isText = false;
    socket.on('data', (data: Buffer) => {
      const said = data.toString();
      if (isText && !said.endsWith('\r\n.\r\n')) return;
      if (!isText) lines.push(said.trim());
      isText = !isText && said.startsWith('DATA');
      socket.write(isText ? '354 go on\r\n' : '250 ok\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { lines, address: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/** An answer to refuse with. */
export const smtpError = (code: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode: code });

/** A real SMTP server on a free port; the handlers refuse by returning an error. */
export const startSmtpServer = async (
  handlers: {
    readonly onRecipient?: (address: string) => Error | null;
    readonly onSender?: () => Error | null;
    readonly onMail?: (received: number) => Error | null | 'drop' | 'hang';
    /** At each part of a mail's text, before it is whole. */
    readonly onChunk?: () => 'drop' | null;
    /** Refuses a login that is right. */
    readonly onLogin?: () => Error | null;
    readonly login?: { readonly user: string; readonly password: string };
    readonly options?: SMTPServerOptions;
  } = {},
) => {
  const mails: ReceivedMail[] = [];
  const commands: string[] = [];
  let received = 0;
  const hangUp = (): void => {
    for (const connection of server.connections)
      (connection as unknown as { _socket: { destroy(): void } })._socket.destroy();
  };
  const server = new SMTPServer({
    authOptional: handlers.login === undefined,
    key: fixture('key.pem'),
    cert: fixture('cert.pem'),
    logger: false,
    closeTimeout: 100,
    ...handlers.options,
    onAuth: ({ username, password }, _session, done) => {
      commands.push('AUTH');
      const isKnown = username === handlers.login?.user && password === handlers.login?.password;
      const refusal = handlers.onLogin?.() ?? null;
      if (refusal !== null) done(refusal);
      else if (isKnown) done(null, { user: username ?? '' });
      else done(smtpError(535, '5.7.8 Authentication failed'));
    },
    onMailFrom: (_address, _session, done) => {
      commands.push('MAIL');
      done(handlers.onSender?.() ?? null);
    },
    onRcptTo: ({ address }, _session, done) => {
      commands.push('RCPT');
      done(handlers.onRecipient?.(address) ?? null);
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (handlers.onChunk?.() === 'drop') hangUp();
      });
      stream.on('end', () => {
        const refusal = handlers.onMail?.(++received) ?? null;
        if (refusal === 'hang') return;
        if (refusal === null || refusal === 'drop')
          mails.push({
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw: Buffer.concat(chunks).toString('utf8'),
            wasEncrypted: session.secure,
            user: typeof session.user === 'string' ? session.user : null,
          });
        if (refusal === 'drop') {
          // Taken, but the answer never arrives: the sender can't know.
          hangUp();
          return;
        }
        done(refusal);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  return { port, mails, commands, address: `smtp://127.0.0.1:${port}` };
};
