import type { ChannelOf } from '../config/channel-schema.ts';
import { addressOf, secretOf } from '../config/secrets.ts';
import { type AttemptResult, permanent, succeeded } from '../delivery/attempt.ts';
import { classifyStatus, isSuccess } from '../delivery/classify-http.ts';
import { misconfigured } from '../delivery/misconfigured.ts';
import { isNotifierError } from '../errors.ts';
import { guardOf, whyNotTarget } from '../net/target-policy.ts';
import { composeSlack } from '../render/slack.ts';
import { diskFailure } from '../spool/durable.ts';
import type { Thread } from '../spool/threads.ts';
import type { Channel, ChannelTools, Delivery, TryContext } from './channel.ts';
import { verdictOf } from './chat-contracts.ts';
import { everyNote } from './http-contract.ts';
import { httpPost } from './http-post.ts';

type Method = 'chat.postMessage' | 'chat.update';

/** What a call came to: the message's id and its channel's, or why not. */
type Called =
  | { readonly kind: 'ok'; readonly ts: string; readonly channel: string }
  | { readonly kind: 'failed'; readonly result: AttemptResult };

const textIn = (json: unknown, name: string): string | null => {
  const value =
    typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : null;
  return typeof value === 'string' ? value : null;
};

/** The thread that a message starts, so that its head says where the rest is. */
const headNote = 'newest message of this run; all of them are in the thread';

/**
 * A channel that a Slack bot writes to (scope chat:write). The messages of a run stand in one thread; its head is
 * edited and shows the newest of them, and what is critical is shown in the channel too.
 */
export const openSlackBot = (config: ChannelOf<'slack'>, tools: ChannelTools): Channel => {
  const call = async (
    method: Method,
    body: object,
    { tryMs, signal }: Pick<TryContext, 'tryMs' | 'signal'>,
  ): Promise<Called> => {
    const address = addressOf(config);
    const refusal = whyNotTarget(address, config);
    if (refusal !== null) return { kind: 'failed', result: permanent(refusal) };
    const url = new URL(`${address.replace(/\/+$/, '')}/${method}`);
    const headers = {
      authorization: `Bearer ${secretOf(config, 'token')}`,
      'content-type': 'application/json; charset=utf-8',
    };
    const { agents, redact } = tools;
    const guard = guardOf(config);
    const posted = await httpPost(url, JSON.stringify(body), headers, {
      ...{ agents, redact, guard },
      ...{ tryMs, signal },
    });
    if (posted.kind === 'failed') return posted;
    const { answer } = posted;
    const now = tools.now();
    if (!isSuccess(answer.status))
      return { kind: 'failed', result: classifyStatus(answer.status, answer, now) };
    const verdict = verdictOf(answer, now);
    const [ts, channel] = [textIn(answer.json, 'ts'), textIn(answer.json, 'channel')];
    if (verdict?.kind === 'ok' && ts !== null) return { kind: 'ok', ts, channel: channel ?? '' };
    return {
      kind: 'failed',
      result:
        verdict === null || verdict.kind === 'ok'
          ? permanent(`${answer.status}, but without a message's ts: ${answer.said}`)
          : verdict,
    };
  };

  const rendered = (delivery: Delivery, notes: readonly string[] = []) =>
    composeSlack(delivery.message, [...notes, ...everyNote(delivery)]).payload;

  /** The thread of a run, begun where there is none. */
  const threadOf = async (
    run: string,
    delivery: Delivery,
    context: TryContext,
  ): Promise<{ thread: Thread; isNew: boolean } | { result: AttemptResult }> => {
    const key = JSON.stringify([config.name, config.channel, run]);
    const known = await tools.threads.find(key);
    if (known !== null) return { thread: known, isNew: false };
    const body = { channel: config.channel, ...rendered(delivery, [headNote]) };
    const called = await call('chat.postMessage', body, context);
    if (called.kind === 'failed') return { result: called.result };
    let thread: Thread = { channel: called.channel || (config.channel ?? ''), head: called.ts };
    // A disk that keeps nothing costs the run its one thread, and no message.
    await diskFailure(async () => {
      thread = await tools.threads.keep(key, thread);
    });
    return { thread, isNew: true };
  };

  const inThread = async (
    run: string,
    delivery: Delivery,
    context: TryContext,
  ): Promise<AttemptResult> => {
    const begun = await threadOf(run, delivery, context);
    if ('result' in begun) return begun.result;
    const { thread, isNew } = begun;
    const reply = {
      channel: thread.channel,
      thread_ts: thread.head,
      // The head of a new thread stands in the channel already.
      ...(delivery.message.severity === 'critical' && !isNew ? { reply_broadcast: true } : {}),
      ...rendered(delivery),
    };
    const replied = await call('chat.postMessage', reply, context);
    if (replied.kind === 'failed') return replied.result;
    if (isNew) return succeeded('delivered', replied.ts);
    const head = { channel: thread.channel, ts: thread.head, ...rendered(delivery, [headNote]) };
    const edited = await call('chat.update', head, context);
    // The message is there; the next one edits the head again.
    return succeeded(
      'delivered',
      edited.kind === 'ok' ? replied.ts : `${replied.ts} (its thread's head was not edited)`,
    );
  };

  const alone = async (delivery: Delivery, context: TryContext): Promise<AttemptResult> => {
    const body = { channel: config.channel, ...rendered(delivery) };
    const called = await call('chat.postMessage', body, context);
    return called.kind === 'ok' ? succeeded('delivered', called.ts) : called.result;
  };

  return {
    attempt: async (delivery, context) => {
      const { run } = delivery.message;
      try {
        return run === null
          ? await alone(delivery, context)
          : await inThread(run, delivery, context);
      } catch (error) {
        if (isNotifierError(error)) return misconfigured(error);
        throw error;
      }
    },
    isTruncated: ({ message, ...notes }) =>
      composeSlack(message, everyNote({ message, ...notes })).isTruncated,
    close: () => undefined,
  };
};
