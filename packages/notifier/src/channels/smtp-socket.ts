import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { codeOf } from '@dhash/basics/code-of';
import type { SMTPTransportOptions } from 'nodemailer';

/** A server that may take minutes to greet is still reached within this, or not at all, ms. */
const connectTimeoutMs = 10_000;

/** A timer of Node's takes whole milliseconds only. */
const within = (...limitsMs: number[]): AbortSignal =>
  AbortSignal.timeout(Math.ceil(Math.min(...limitsMs)));

/** As the mail library says it, so that all failures of a mail are classified in one place. */
const failed = (code: string, originalCode: string): Error =>
  Object.assign(new Error(code), { code, originalCode, command: 'CONN' });

const reached = async (host: string, port: number, signal: AbortSignal): Promise<Socket> => {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw failed('ETIMEDOUT', 'ETIMEDOUT');
    const code = codeOf(error);
    throw failed(['ENOTFOUND', 'EAI_AGAIN'].includes(code) ? 'EDNS' : 'ESOCKET', code);
  }
};

const secured = async (
  socket: Socket,
  host: string,
  tls: SMTPTransportOptions['tls'],
  signal: AbortSignal,
): Promise<Socket> => {
  const { connect: connectTls } = process.getBuiltinModule('node:tls');
  const secure = connectTls({
    ...tls,
    host,
    socket,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  try {
    await once(secure, 'secureConnect', { signal });
    return secure;
  } catch (error) {
    secure.destroy();
    throw signal.aborted ? failed('ETIMEDOUT', 'ETIMEDOUT') : failed('ESOCKET', codeOf(error));
  }
};

/**
 * Connects to a mail server, with TLS from the first byte where `secure` says so. The library has one limit for
 * connecting and the greeting together; here a server that is slow to greet can be told from one that is not there.
 */
export const openSmtpSocket: NonNullable<SMTPTransportOptions['getSocket']> = (options, done) => {
  const { host = '', port, secure, tls, connectionTimeout = connectTimeoutMs } = options;
  const open = async () => {
    const socket = await reached(host, Number(port), within(connectTimeoutMs, connectionTimeout));
    if (secure !== true) return { connection: socket };
    return {
      connection: await secured(socket, host, tls, within(connectionTimeout)),
      secured: true,
    };
  };
  open().then(
    (opened) => done(null, opened),
    (error: Error) => done(error),
  );
};
