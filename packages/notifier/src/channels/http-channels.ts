import type { ChannelConfig, ChannelOf } from '../config/channel-schema.ts';
import { addressOf, signingSecretsOf } from '../config/secrets.ts';
import { type AttemptResult, permanent, succeeded, transient } from '../delivery/attempt.ts';
import { classifyStatus, isSuccess } from '../delivery/classify-http.ts';
import { saidInSuccess } from '../delivery/said-in-success.ts';
import { serverHintMs } from '../delivery/server-hint.ts';
import { isNotifierError } from '../errors.ts';
import { guardOf, whyNotTarget } from '../net/target-policy.ts';
import { composeDiscord } from '../render/discord.ts';
import { composeSlack } from '../render/slack.ts';
import { composeTeams } from '../render/teams.ts';
import type { Composed } from '../render/view.ts';
import { composeWebhook } from '../render/webhook.ts';
import { signWebhook } from '../sign.ts';
import type { Channel, ChannelTools, Delivery } from './channel.ts';
import { type HttpAnswer, httpPost } from './http-post.ts';

/** What sets one HTTP channel apart from another. */
interface HttpContract {
  compose(delivery: Delivery): Composed<unknown>;
  /** Reads a 2xx answer: most vendors hide failures in one. */
  judge(answer: HttpAnswer, nowMs: number): AttemptResult;
  address?(url: URL): void;
  /** What a 404 or 410 means. */
  readonly gone?: string;
  headers?(id: string, nowMs: number, body: string): Record<string, string>;
}

const everyNote = ({ notes, redelivery }: Delivery): string[] => [...notes, ...redelivery];

/** Errors in a 2xx that pass: Slack's own words for them. */
const passing =
  /^(?:rate_?limit(?:ed|_exceeded)?|too_many_requests|internal_error|fatal_error|service_unavailable|(?:request_)?timeout|temporarily_unavailable|rollup_error)$/i;

/** What a chat's 2xx says, where it says anything; null: it says neither yes nor no. */
const verdictOf = (answer: HttpAnswer, nowMs: number, gone?: string): AttemptResult | null => {
  const said = saidInSuccess(answer.text, answer.json);
  if (said.kind === 'unclear') return null;
  if (said.kind === 'taken') return succeeded('delivered', said.id);
  if (said.status !== null && !isSuccess(said.status))
    return classifyStatus(said.status, answer, nowMs, gone);
  const reason = `${answer.status}, but: ${answer.said}`;
  return passing.test(said.word)
    ? transient(reason, { hintMs: serverHintMs(answer, nowMs) })
    : permanent(reason);
};

const isPage = (answer: HttpAnswer): boolean => /^\s*(?:<!doctype html|<html)/i.test(answer.text);

const slackContract: HttpContract = {
  compose: (delivery) => composeSlack(delivery.message, everyNote(delivery)),
  judge: (answer, nowMs) => {
    const verdict = verdictOf(answer, nowMs);
    if (verdict !== null) return verdict;
    if (!answer.isWhole) return transient('200, but its answer was cut off', { isAmbiguous: true });
    if (answer.status === 204) return succeeded('delivered');
    const isJson = (answer.header('content-type') ?? '').includes('json');
    if (isJson && answer.json === undefined)
      return transient(`200 with an unreadable answer: ${answer.said}`, {
        hintMs: serverHintMs(answer, nowMs),
        isAmbiguous: true,
      });
    return permanent(`${answer.status}, but not "ok": ${answer.said}`);
  },
};

/** What a retired connector, and some flows, write into a 200. NOTIFY.md 1.2. */
const teamsErrorText = /returned HTTP error (\d{3})/;

const workflowGone = 'the workflow is gone';

const teamsContract: HttpContract = {
  gone: workflowGone,
  compose: (delivery) => composeTeams(delivery.message, everyNote(delivery)),
  judge: (answer, nowMs) => {
    const error = teamsErrorText.exec(answer.text);
    if (error?.[1] !== undefined)
      return classifyStatus(Number(error[1]), answer, nowMs, workflowGone);
    if (/Webhook message delivery failed/i.test(answer.text) || isPage(answer))
      return permanent(`${answer.status}, but: ${answer.said}`);
    if (answer.text.trim() === '1') return succeeded('delivered');
    const verdict = verdictOf(answer, nowMs, workflowGone);
    // The flow runs after its answer; whether the card arrived can't be seen from here.
    return verdict === null || verdict.kind === 'ok' ? succeeded('accepted') : verdict;
  },
};

const discordContract: HttpContract = {
  // Without it "a message that is not saved does not return an error".
  address: (url) => {
    if (!url.searchParams.has('wait'))
      url.search = `${url.search}${url.search === '' ? '?' : '&'}wait=true`;
  },
  compose: (delivery) => composeDiscord(delivery.message, everyNote(delivery)),
  judge: (answer, nowMs) => {
    const verdict = verdictOf(answer, nowMs);
    if (verdict !== null) return verdict;
    // A 200 whose body was cut off was still said after the message was saved.
    if (answer.status === 204 || !answer.isWhole) return succeeded('delivered');
    return permanent(`${answer.status}, but without a message's id: ${answer.said}`);
  },
};

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
  }
};

/** A channel that posts JSON over HTTP. */
export const openHttpChannel = (
  config: Exclude<ChannelConfig, { type: 'email' }>,
  tools: ChannelTools,
): Channel => {
  const contract = contractOf(config);
  // Made once a delivery: its tries and its receipt ask for the same.
  const made = new WeakMap<Delivery, { readonly body: string; readonly isTruncated: boolean }>();
  const rendered = (delivery: Delivery) => {
    const known = made.get(delivery);
    if (known !== undefined) return known;
    const { payload, isTruncated } = contract.compose(delivery);
    const fresh = { body: JSON.stringify(payload), isTruncated };
    made.set(delivery, fresh);
    return fresh;
  };
  const post = async (delivery: Delivery, tryMs: number, signal: AbortSignal | undefined) => {
    const address = addressOf(config);
    const refusal = whyNotTarget(address, config);
    if (refusal !== null) return permanent(refusal);
    const url = new URL(address);
    contract.address?.(url);
    const { body } = rendered(delivery);
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
        // A secret that can't be read or used: a mistake in the configuration, for a person.
        if (isNotifierError(error)) return permanent(error.message);
        throw error;
      }
    },
    isTruncated: (delivery) => rendered(delivery).isTruncated,
    close: () => undefined,
  };
};
