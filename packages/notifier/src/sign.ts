import { createHmac } from 'node:crypto';
import { NotifierError } from './errors.ts';

const prefix = 'whsec_';
/** Standard Webhooks: 24 to 64 random bytes. */
const leastBytes = 24;
const mostBytes = 64;

/**
 * Key bytes of a Standard Webhooks secret.
 * @throws NotifierError `bad-config` that says the rule and never the secret: Node's own base64
 *   decoder takes anything.
 */
export const webhookKey = (secret: string): Buffer => {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
  const key = Buffer.from(text, 'base64');
  if (!isBase64 || key.length < leastBytes || key.length > mostBytes)
    throw new NotifierError(
      'bad-config',
      `a webhook secret must be "${prefix}" and ${leastBytes} to ${mostBytes} bytes in base64; make one: node -p "'${prefix}'+crypto.randomBytes(32).toString('base64')"`,
    );
  return key;
};

/**
 * Headers of Standard Webhooks for one try: a signature per secret (several while one is being
 * rotated), over exactly `body`.
 * @param timestampSeconds Unix time of this try, whole seconds.
 */
export const signWebhook = (
  secrets: readonly string[],
  id: string,
  timestampSeconds: number,
  body: string,
): { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string } => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestampSeconds),
  'webhook-signature': secrets
    .map((secret) => {
      const content = `${id}.${timestampSeconds}.${body}`;
      return `v1,${createHmac('sha256', webhookKey(secret)).update(content).digest('base64')}`;
    })
    .join(' '),
});
