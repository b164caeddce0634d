import { type AttemptResult, permanent, succeeded, transient } from '../delivery/attempt.ts';
import { classifyStatus, isSuccess } from '../delivery/classify-http.ts';
import { saidInSuccess } from '../delivery/said-in-success.ts';
import { serverHintMs } from '../delivery/server-hint.ts';
import { composeDiscord } from '../render/discord.ts';
import { composeSlack } from '../render/slack.ts';
import { composeTeams } from '../render/teams.ts';
import { everyNote, type HttpContract } from './http-contract.ts';
import type { HttpAnswer } from './http-post.ts';

/** Errors in a 2xx that pass: Slack's own words for them. */
const passing =
  /^(?:rate_?limit(?:ed|_exceeded)?|too_many_requests|internal_error|fatal_error|service_unavailable|(?:request_)?timeout|temporarily_unavailable|rollup_error)$/i;

/** What a chat's 2xx says, where it says anything; null: it says neither yes nor no. */
export const verdictOf = (
  answer: HttpAnswer,
  nowMs: number,
  gone?: string,
): AttemptResult | null => {
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

/** Slack's incoming webhooks, and the chats that take the same. */
export const slackContract: HttpContract = {
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

/** Workflows of Teams, and its retired connectors. */
export const teamsContract: HttpContract = {
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

/** Discord's webhooks. */
export const discordContract: HttpContract = {
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
