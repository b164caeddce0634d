import { join } from 'node:path';
import { defaultAttachmentLimitBytes } from './attachments.ts';
import { defaultPerSecond, openChannel } from './channels/open-channel.ts';
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
import { flushSpool } from './flush.ts';
import { openKept } from './keep.ts';
import { type Message, mapTexts, parseMessage } from './message.ts';
import { createAgents } from './net/agents.ts';
import type { Notifier, NotifierOptions, SendOptions } from './notifier-api.ts';
import type { Receipt } from './receipt.ts';
import { redactor } from './redact.ts';
import { defaultRepeatPolicy } from './repeat/policy.ts';
import { createRepeater, doesRepeat } from './repeat/repeater.ts';
import { openRepeats } from './repeat/repeats.ts';
import { createLanes, sendRecord, whyNotFor } from './send.ts';
import { openDeadLetters } from './spool/dead-letters.ts';
import type { SpoolRecord } from './spool/record.ts';
import { openSpool } from './spool/spool.ts';
import { openThreads } from './spool/threads.ts';
import { spoolStatus } from './status.ts';

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
const defined = <Policy extends object>(policy: Policy): Partial<Policy> =>
  Object.fromEntries(
    Object.entries(policy).filter(([, value]) => value !== undefined),
  ) as Partial<Policy>;

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
  const repeats = openRepeats(join(options.folder, 'repeats'));
  const { repeat } = options;
  const repeater = createRepeater(repeats, {
    policy: { ...defaultRepeatPolicy, ...defined(repeat ?? {}) },
    acknowledge: repeat?.acknowledge ?? ((run) => `acknowledge ${run}`),
    ...{ folder: options.folder, clock },
  });
  const lanes = createLanes();
  let order = 0;

  // Made anew at each use: secret files may have changed.
  const redactAll = () =>
    redactor([...(options.secrets ?? []), ...channels.flatMap(secretsOf)], options.facts);
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
    const isWanted = ({ name }: ChannelConfig): boolean => {
      const runtime = runtimes.get(name);
      return runtime !== undefined && whyNotFor(message, runtime) === null;
    };
    const again = targets.filter((config) => doesRepeat(config) && isWanted(config));
    // Not awaited here: the order of calls is the order of messages.
    const noticed =
      repeat === undefined
        ? null
        : repeater.notice(
            message,
            again.map(({ name }) => name),
          );
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
        const note = again.includes(config) ? (noticed?.note ?? null) : null;
        const record = newRecord(message, config, note === null ? [] : [note]);
        const receipt = await sendRecord(runtime, record, lanes, context);
        if (message.severity === 'critical' && isUnable(runtime)) reroute(name);
        return receipt;
      }),
    );
    await noticed?.kept;
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

  /** Says again what is due; receipts of its channels. */
  const sayAgain = async (context: DeliverContext): Promise<Receipt[]> => {
    if (repeat === undefined) return [];
    const receipts: Promise<Receipt>[] = [];
    for (const { message, channels: names, note } of await repeater.due((name) =>
      runtimes.has(name),
    ))
      for (const name of names) {
        const runtime = runtimes.get(name);
        if (runtime === undefined) continue;
        const record = newRecord(message, runtime.config, [note]);
        receipts.push(sendRecord(runtime, record, lanes, context));
      }
    return Promise.all(receipts);
  };

  return {
    send,
    test,
    acknowledge: async (run) => {
      const ended = await repeats.end(run);
      return ended === null ? null : { title: ended.message.title, count: ended.count };
    },
    repeating: () => repeater.list(),
    flush: async ({ signal, mode = 'now', waits = mode === 'due' ? 'short' : 'long' } = {}) => {
      await kept.prune();
      const policyFor = waits === 'long' ? longPolicyFor : () => policy;
      const context = contextFor(signal, policyFor);
      const said = await sayAgain(context);
      const report = await flushSpool(runtimes, mode, context);
      return { ...report, repeated: said.length, receipts: [...said, ...report.receipts] };
    },
    status: () => spoolStatus(spool, channels, runtimes, clock.now()),
    clearDead: dead.clear,
    reviveDead: dead.revive,
  };
};
