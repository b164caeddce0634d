import { join } from 'node:path';
import { defaultAttachmentLimitBytes } from './attachments.ts';
import { defaultPerSecond, openChannel } from './channels/open-channel.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { isChannelOff, whyOff } from './config/channel-off.ts';
import type { ChannelConfig } from './config/channel-schema.ts';
import { checkedChannels } from './config/checked-channels.ts';
import { isAlerting } from './config/secret-fields.ts';
import { secretsOf } from './config/secrets.ts';
import { type DeliverContext, deliver, type Runtime } from './deliver.ts';
import { createGate } from './delivery/gate.ts';
import { defaultRetryPolicy, longWaits, type RetryPolicy } from './delivery/with-retry.ts';
import { NotifierError } from './errors.ts';
import { type FlushMode, type FlushReport, flushSpool } from './flush.ts';
import { openKept } from './keep.ts';
import { type Message, mapTexts, parseMessage } from './message.ts';
import { createAgents } from './net/agents.ts';
import type { Receipt } from './receipt.ts';
import { redactor } from './redact.ts';
import { createLanes, sendRecord, whyNotFor } from './send.ts';
import { openDeadLetters } from './spool/dead-letters.ts';
import type { SpoolRecord } from './spool/record.ts';
import { openSpool } from './spool/spool.ts';
import { openThreads } from './spool/threads.ts';
import { type SpoolStatus, spoolStatus } from './status.ts';

/** What a notifier is made with. */
export interface NotifierOptions {
  readonly channels: readonly ChannelConfig[];
  /** Holds `spool/` and `dead/`; made when the first message is sent. */
  readonly folder: string;
  readonly clock?: Clock | undefined;
  /** 0 ≤ r < 1: jitter. */
  readonly random?: (() => number) | undefined;
  /** Names the proxy: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Tries and budgets of one message; default 5 tries, 15 s in all, 10 s a try. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** A message that could not be delivered for this long is given up, ms. Default 72 h. */
  readonly maxAgeMs?: number | undefined;
  /** Messages that no channel was on for stay in kept/ this long, ms. Default 30 days. */
  readonly keptMaxAgeMs?: number | undefined;
  /** Most files in the spool; the least urgent, oldest is given up for a new one. Default 10,000. */
  readonly maxWaiting?: number | undefined;
  /** Attachments of mails are read below this folder only. Default: nothing is attached. */
  readonly attachmentFolder?: string | undefined;
  /** All attachments of one mail together, bytes. Default 5 MB. */
  readonly attachmentLimitBytes?: number | undefined;
  /** More secrets that no message may carry: database addresses, tokens. */
  readonly secrets?: readonly string[] | undefined;
}

/** What one `send` may say. */
export interface SendOptions {
  /** Names of channels; default: all. */
  readonly channels?: readonly string[] | undefined;
  /** Channels that stand in for a held one when the message is critical; default: all. */
  readonly fallback?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Instead of the 15 s. */
  readonly budgetMs?: number | undefined;
}

/** Delivers messages; nothing it returns or throws holds a secret. */
export interface Notifier {
  /**
   * Delivers to every channel beside each other; resolves when each has a receipt, and never
   * rejects for what a server, the network or the disk did.
   * @throws NotifierError `bad-message`, `unknown-channel`.
   */
  send(message: Message, options?: SendOptions): Promise<Receipt[]>;
  /**
   * One try to every channel, whatever its events and severity, kept nowhere: what does not arrive
   * is `lost`. Tells whether channels work.
   */
  test(message: Message, options?: Pick<SendOptions, 'channels' | 'signal'>): Promise<Receipt[]>;
  /**
   * Delivers what waits. `due` also obeys our own backoff; `now` (default) only a server's word; `held-too`
   * not even that. A flush has time: it waits for a slow receiver longer than a command does, unless it is
   * `short` (which `due` is by default, as it goes before and beside a command's own messages).
   */
  flush(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly mode?: FlushMode | undefined;
    readonly waits?: 'long' | 'short' | undefined;
  }): Promise<FlushReport>;
  /** What waits and what was given up; changes nothing. */
  status(): Promise<SpoolStatus>;
  /** Removes messages of dead/ that a person has seen to: those with these ids, or all. */
  clearDead(ids?: readonly string[]): Promise<number>;
  /** Puts messages of dead/ back into the spool, as new, in their old order. */
  reviveDead(ids?: readonly string[]): Promise<number>;
}

const defaultMaxAgeMs = 72 * 3_600_000;
const defaultMaxWaiting = 10_000;
const defaultKeptMaxAgeMs = 30 * 24 * 3_600_000;

/** The receipt of a channel that does not get the message. */
const off = (channel: string, reason: string): Receipt => ({
  channel,
  status: 'off',
  attempts: 0,
  ms: 0,
  reason,
});
/** Leaves out what is undefined, so that it never beats a default. */
const defined = (policy: Partial<RetryPolicy>): Partial<RetryPolicy> =>
  Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));

/**
 * A notifier for these channels.
 * @throws NotifierError `bad-config` that names every mistake and no value.
 */
export const createNotifier = (options: NotifierOptions): Notifier => {
  const channels = checkedChannels(options.channels);
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const asked = defined(options.retry ?? {});
  const policy: RetryPolicy = { ...defaultRetryPolicy, ...asked };
  const longPolicyFor = (type: ChannelConfig['type']): RetryPolicy => ({
    ...defaultRetryPolicy,
    ...(type === 'email' ? longWaits.email : longWaits.http),
    ...asked,
  });
  const spool = openSpool(options.folder, () => clock.now());
  const agents = createAgents(options.env ?? process.env);
  const kept = openKept(join(options.folder, 'kept'), {
    now: () => clock.now(),
    maxAgeMs: options.keptMaxAgeMs ?? defaultKeptMaxAgeMs,
  });
  const dead = openDeadLetters(spool, () => clock.now());
  const threads = openThreads(join(options.folder, 'threads'), () => clock.now());
  const lanes = createLanes();
  let order = 0;

  // Made anew at each use: secret files may have changed.
  const redactAll = () => redactor([...(options.secrets ?? []), ...channels.flatMap(secretsOf)]);
  const runtimes = new Map<string, Runtime>();
  for (const config of channels) {
    if (isChannelOff(config)) continue;
    const tools = {
      agents,
      now: () => clock.now(),
      redact: (text: string) => redactAll()(text),
      threads,
      attachments: {
        folder: options.attachmentFolder ?? null,
        limitBytes: options.attachmentLimitBytes ?? defaultAttachmentLimitBytes,
      },
    };
    const gate = createGate(clock, config.perSecond ?? defaultPerSecond[config.type]);
    runtimes.set(config.name, { config, channel: openChannel(config, tools), gate });
  }

  const contextFor = (
    signal: AbortSignal | undefined,
    policyFor: DeliverContext['policyFor'],
  ): DeliverContext => ({
    spool,
    clock,
    random,
    policyFor,
    maxAgeMs: options.maxAgeMs ?? defaultMaxAgeMs,
    maxWaiting: options.maxWaiting ?? defaultMaxWaiting,
    signal,
  });

  const newRecord = (
    message: Message,
    { name, type }: ChannelConfig,
    notes: readonly string[],
  ): SpoolRecord => {
    const nowMs = clock.now();
    return {
      format: 1,
      channel: name,
      ...(isAlerting({ type }) ? { isAlert: true } : {}),
      message,
      createdAt: nowMs,
      order: order++,
      attempts: 0,
      redeliveries: 0,
      notBefore: null,
      retryAt: nowMs,
      reason: null,
      isAmbiguous: false,
      notes,
      waiting: null,
      count: 1,
      lastAt: nowMs,
    };
  };

  const known = (names: readonly string[]): ChannelConfig[] =>
    names.map((name) => {
      const config = channels.find((channel) => channel.name === name);
      if (config === undefined)
        throw new NotifierError(
          'unknown-channel',
          `there is no channel "${name}"; configured: ${channels.map((channel) => channel.name).join(', ') || 'none'}`,
        );
      return config;
    });

  const send = async (input: Message, sendOptions: SendOptions = {}): Promise<Receipt[]> => {
    const parsed = parseMessage(input);
    const all = channels.map(({ name }) => name);
    const targets = known([...new Set(sendOptions.channels ?? all)]);
    const fallback = known(sendOptions.fallback ?? all);
    const message = mapTexts(parsed, redactAll());
    const { signal, budgetMs } = sendOptions;
    const sendPolicy = budgetMs === undefined ? policy : { ...policy, budgetMs };
    const context = contextFor(signal, () => sendPolicy);
    const standIns: Promise<Receipt>[] = [];
    const held: string[] = [];
    const isUnable = (runtime: Runtime): boolean =>
      runtime.gate.heldUntil() > 0 || runtime.gate.goneReason() !== null;

    const reroute = (name: string): void => {
      held.push(name);
      if (held.length > 1) return;
      for (const { name: other } of fallback) {
        const runtime = runtimes.get(other);
        const isTarget = targets.some((target) => target.name === other);
        if (runtime === undefined || isUnable(runtime)) continue;
        if (isTarget && whyNotFor(message, runtime) === null) continue;
        const note = `sent here because ${name} can't be reached now`;
        const receipt = sendRecord(
          runtime,
          newRecord(message, runtime.config, [note]),
          lanes,
          context,
        );
        standIns.push(receipt.then((given) => ({ ...given, insteadOf: held })));
      }
    };

    const receipts = await Promise.all(
      targets.map(async (config): Promise<Receipt> => {
        const { name } = config;
        const runtime = runtimes.get(name);
        if (runtime === undefined) return off(name, whyOff(config));
        const why = whyNotFor(message, runtime);
        if (why !== null) return off(name, why);
        const record = newRecord(message, config, []);
        const receipt = await sendRecord(runtime, record, lanes, context);
        if (message.severity === 'critical' && isUnable(runtime)) reroute(name);
        return receipt;
      }),
    );
    const stoodIn = (await Promise.all(standIns)).filter(
      ({ channel }) =>
        !receipts.some((receipt) => receipt.channel === channel && receipt.status !== 'off'),
    );
    if (!targets.some(({ name }) => runtimes.has(name)) && stoodIn.length === 0)
      return [...receipts, await kept.add(message)];
    return [
      ...receipts.filter(({ channel }) => !stoodIn.some((s) => s.channel === channel)),
      ...stoodIn,
    ];
  };

  const test: Notifier['test'] = async (input, { channels: names, signal } = {}) => {
    const message = mapTexts(parseMessage(input), redactAll());
    const context = contextFor(signal, () => ({ ...policy, tries: 1 }));
    return Promise.all(
      known(names ?? channels.map(({ name }) => name)).map((config) => {
        const runtime = runtimes.get(config.name);
        return runtime === undefined
          ? off(config.name, whyOff(config))
          : deliver(runtime, newRecord(message, config, []), null, context);
      }),
    );
  };

  return {
    send,
    test,
    flush: async ({ signal, mode = 'now', waits = mode === 'due' ? 'short' : 'long' } = {}) => {
      await kept.prune();
      const policyFor = waits === 'long' ? longPolicyFor : () => policy;
      return flushSpool(runtimes, mode, contextFor(signal, policyFor));
    },
    status: () => spoolStatus(spool, channels, runtimes, clock.now()),
    clearDead: dead.clear,
    reviveDead: dead.revive,
  };
};
