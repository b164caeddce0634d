import type { ChannelOf } from '../config/channel-schema.ts';
import { secretOf } from '../config/secrets.ts';
import { permanent, succeeded } from '../delivery/attempt.ts';
import { composeAlertmanager } from '../render/alertmanager.ts';
import { composeOpsgenie, opsgeniePath } from '../render/opsgenie.ts';
import { composePagerduty } from '../render/pagerduty.ts';
import { verdictOf } from './chat-contracts.ts';
import { everyNote, type HttpContract } from './http-contract.ts';

/** Puts a path behind that of the configured address, which may lead through a prefix. */
const addPath = (url: URL, path: string): void => {
  const [pathname = '', search] = path.split('?');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${pathname}`;
  if (search !== undefined) url.search = search;
};

/** PagerDuty's Events API v2: 202 with `status: success` is an event taken over. */
export const pagerdutyContract = (config: ChannelOf<'pagerduty'>): HttpContract => ({
  compose: (delivery) => composePagerduty(delivery.message, '***', everyNote(delivery)),
  seal: (payload) => ({ ...(payload as object), routing_key: secretOf(config, 'routingKey') }),
  judge: (answer, nowMs) => {
    const verdict = verdictOf(answer, nowMs);
    if (verdict?.kind === 'ok') return succeeded('delivered', verdict.receipt);
    return verdict ?? permanent(`${answer.status}, but not "success": ${answer.said}`);
  },
});

/** Opsgenie's Alert API: 202 with a request's id, and what becomes of it is seen there only. */
export const opsgenieContract = (config: ChannelOf<'opsgenie'>): HttpContract => ({
  compose: (delivery) => composeOpsgenie(delivery.message, config.team, everyNote(delivery)),
  address: (url, message) => addPath(url, opsgeniePath(message)),
  headers: () => ({ authorization: `GenieKey ${secretOf(config, 'apiKey')}` }),
  judge: (answer) => {
    const { json } = answer;
    const id =
      typeof json === 'object' && json !== null && 'requestId' in json ? json.requestId : null;
    return typeof id === 'string'
      ? succeeded('accepted', id)
      : permanent(`${answer.status}, but without a request's id: ${answer.said}`);
  },
});

const credentials = (config: ChannelOf<'alertmanager'>): Record<string, string> => {
  const token = secretOf(config, 'token');
  if (token !== '') return { authorization: `Bearer ${token}` };
  if (config.user === undefined) return {};
  const pair = `${config.user}:${secretOf(config, 'password')}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
};

/** Alertmanager's API v2: a 200 without a body. */
export const alertmanagerContract = (config: ChannelOf<'alertmanager'>): HttpContract => ({
  compose: (delivery) =>
    composeAlertmanager(delivery.message, config.labels ?? {}, everyNote(delivery)),
  address: (url) => addPath(url, '/api/v2/alerts'),
  headers: () => credentials(config),
  judge: (answer) =>
    answer.text.trim() === ''
      ? succeeded('delivered')
      : permanent(`${answer.status}, but with an answer that is no Alertmanager's: ${answer.said}`),
});
