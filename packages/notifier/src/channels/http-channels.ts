import type { ChannelConfig, ChannelOf } from '../config/channel-schema.ts';
import { addressOf, signingSecretsOf } from '../config/secrets.ts';
import { permanent, succeeded } from '../delivery/attempt.ts';
import { classifyStatus, isSuccess } from '../delivery/classify-http.ts';
import { misconfigured } from '../delivery/misconfigured.ts';
import { isNotifierError } from '../errors.ts';
import { guardOf, whyNotTarget } from '../net/target-policy.ts';
import type { Composed } from '../render/view.ts';
import { composeWebhook } from '../render/webhook.ts';
import { signWebhook } from '../sign.ts';
import { alertmanagerContract, opsgenieContract, pagerdutyContract } from './alert-contracts.ts';
import type { Channel, ChannelTools, Delivery } from './channel.ts';
import { discordContract, slackContract, teamsContract } from './chat-contracts.ts';
import type { HttpContract } from './http-contract.ts';
import { httpPost } from './http-post.ts';

const webhookContract = (config: ChannelOf<'webhook'>): HttpContract => ({
  compose: ({ message, notes }) => composeWebhook(message, notes),
  judge: () => succeeded('delivered'),
  headers: (id, nowMs, body) => {
    const secrets = signingSecretsOf(config);
    const seconds = Math.floor(nowMs / 1000);
    return secrets.length === 0
      ? { 'webhook-id': id, 'webhook-timestamp': String(seconds) }
      : signWebhook(secrets, id, seconds, body);
  },
});

const contractOf = (config: Exclude<ChannelConfig, { type: 'email' }>): HttpContract => {
  switch (config.type) {
    case 'slack':
      return slackContract;
    case 'teams':
      return teamsContract;
    case 'discord':
      return discordContract;
    case 'webhook':
      return webhookContract(config);
    case 'pagerduty':
      return pagerdutyContract(config);
    case 'opsgenie':
      return opsgenieContract(config);
    case 'alertmanager':
      return alertmanagerContract(config);
  }
};

/** A channel that posts JSON over HTTP. */
export const openHttpChannel = (
  config: Exclude<ChannelConfig, { type: 'email' }>,
  tools: ChannelTools,
): Channel => {
  const contract = contractOf(config);
  // Made once a delivery: its tries and its receipt ask for the same.
  const made = new WeakMap<Delivery, Composed<unknown>>();
  const rendered = (delivery: Delivery) => {
    const known = made.get(delivery);
    if (known !== undefined) return known;
    const fresh = contract.compose(delivery);
    made.set(delivery, fresh);
    return fresh;
  };
  const post = async (delivery: Delivery, tryMs: number, signal: AbortSignal | undefined) => {
    const address = addressOf(config);
    const refusal = whyNotTarget(address, config);
    if (refusal !== null) return permanent(refusal);
    const url = new URL(address);
    contract.address?.(url, delivery.message);
    const { payload } = rendered(delivery);
    const body = JSON.stringify(contract.seal?.(payload) ?? payload);
    const headers = contract.headers?.(delivery.message.id, tools.now(), body) ?? {};
    const posted = await httpPost(url, body, headers, {
      agents: tools.agents,
      guard: guardOf(config),
      redact: tools.redact,
      tryMs,
      signal,
    });
    if (posted.kind === 'failed') return posted.result;
    const { answer } = posted;
    return isSuccess(answer.status)
      ? contract.judge(answer, tools.now())
      : classifyStatus(answer.status, answer, tools.now(), contract.gone);
  };
  return {
    attempt: async (delivery, { tryMs, signal }) => {
      try {
        return await post(delivery, tryMs, signal);
      } catch (error) {
        // A secret that can't be read or used.
        if (isNotifierError(error)) return misconfigured(error);
        throw error;
      }
    },
    isTruncated: (delivery) => rendered(delivery).isTruncated,
    close: () => undefined,
  };
};
