// @ts-check
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { SMTPServer } from 'smtp-server';

/**
 * Real receivers of the demo's messages: an HTTP server for the webhook, an SMTP server for mail.
 * Their addresses reach the commands as variables, as secrets do in production.
 */
export const startReceivers = async () => {
  /** @type {string[]} */
  const hooks = [];
  /** @type {string[]} */
  const mails = [];
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      hooks.push(body);
      response.end('ok');
    });
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', () => resolve(undefined)));
  const smtp = new SMTPServer({
    onAuth: ({ username = '' }, _session, done) => done(null, { user: username }),
    // On loopback, without a certificate: rollout.yaml says so too (requireTls: false).
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      let mail = '';
      stream.on('data', (chunk) => {
        mail += chunk;
      });
      stream.on('end', () => {
        mails.push(mail);
        done();
      });
    },
  });
  await new Promise((resolve) => smtp.listen(0, '127.0.0.1', () => resolve(undefined)));
  // Where a run searches for its canary, that is the secret in each of them.
  const secret = process.env['CANARY_SECRET'] ?? randomBytes(12).toString('hex');
  const port = (/** @type {import('node:net').Server} */ server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };
  return {
    hooks,
    mails,
    variables: {
      DEMO_WEBHOOK_URL: `http://127.0.0.1:${port(http)}/${secret}`,
      DEMO_WEBHOOK_SECRET: `whsec_${Buffer.from(secret.padEnd(24, '-')).toString('base64')}`,
      DEMO_SMTP_URL: `smtp://ops:${secret}@127.0.0.1:${port(smtp.server)}`,
    },
    close: async () => {
      http.close();
      http.closeAllConnections();
      await new Promise((resolve) => smtp.close(() => resolve(undefined)));
    },
  };
};
