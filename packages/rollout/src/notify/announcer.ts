import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { isJournalError } from '@dhash/journal';
import { isChannelOff, type Notifier, type Receipt } from '@dhash/notifier';
import { channelsFor } from '../config/recipients.ts';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import type { EventStanding } from '../environment/event-standing.ts';
import type { Announcer } from '../environment/open-run.ts';
import { messageOf } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import { asJson, type Recorder } from '../record/recorder.ts';
import { eventMessage, type MessageVariables } from './messages.ts';
import { openNotifier } from './open-notifier.ts';

/** After these there is something to look at. */
const withPage: ReadonlySet<string> = new Set([
  ...['gate-break', 'rollback-done', 'rollback-failed'],
  ...['inconclusive', 'success', 'deploy-failed'],
]);

/** Told once the act is over: the page that goes with them is written first. */
const afterAct: ReadonlySet<string> = new Set([
  ...['rollback-done', 'rollback-failed', 'inconclusive', 'success'],
]);

/** Longest that the end of a command waits for messages under way, ms. */
const settleBudgetMs = 15_000;

/** A receipt that comes after the end of its command stays with its message. */
const unlessClosed = (error: unknown): void => {
  if (!isJournalError(error) || error.code !== 'closed') throw error;
};

/** Whoever begins another run of an environment has seen how its last one ended. */
const acknowledgeEarlier = async (
  notifier: Notifier,
  { config }: Environment,
  current: string,
): Promise<void> => {
  for (const { run } of await notifier.repeating())
    if (run !== current && run.endsWith(`-${config.env}`)) await notifier.acknowledge(run);
};

export const openAnnouncer = (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
): Announcer => {
  const notifier = openNotifier(context, environment);
  const hasChannel = environment.config.channels.some((channel) => !isChannelOff(channel));
  const underWay = new Set<Promise<void>>();
  const failed = new Map<string, Receipt>();
  const track = (work: Promise<void>, what: string) => {
    const tracked = work
      .catch((error: unknown) => {
        // A message that fails must not stop a release; it is shown instead.
        context.output.warn(`${what}: ${messageOf(error)}`);
      })
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };

  const { report } = environment.layout.run(recorder.run);
  const rewritePage = async (): Promise<void> => {
    try {
      // Whoever works on a run has it loaded; who only sends a message needs none of it.
      const { writeRunPages } = await import('../pages/write-run-pages.ts');
      await writeRunPages(environment, recorder);
    } catch (error) {
      context.output.warn(`the page of the run could not be written: ${messageOf(error)}`);
    }
  };
  /** The page of the run, once it is written. */
  const page = async (event: string) => {
    if (!withPage.has(event)) return {};
    if (afterAct.has(event)) await rewritePage();
    return existsSync(report)
      ? { attachments: [{ name: 'report.html', path: relative(environment.config.root, report) }] }
      : {};
  };

  const send = async (
    event: string,
    variables: MessageVariables,
    standing: EventStanding | undefined,
  ): Promise<void> => {
    const message = await eventMessage(environment, event, {
      nowMs: context.clock.now(),
      run: { id: recorder.run, head: recorder.head },
      variables,
      operator: currentUser(context.processEnv),
      ...(standing === undefined ? {} : { standing }),
      ...(await page(event)),
      onBadTemplate: (error) =>
        context.output.warn(`the message "${event}" goes out plain: ${messageOf(error)}`),
    });
    const channels = channelsFor(environment.config.notify, message, 'rollout');
    // With no channel on, the notifier keeps every message as a file, the unasked ones too.
    if (channels.length === 0 && hasChannel) return;
    const receipts: readonly Receipt[] = await notifier.send(message, { channels });
    for (const receipt of receipts) {
      await recorder
        .record({ type: 'notification.receipt', event, receipt: asJson(receipt) })
        .catch(unlessClosed);
      if (['spooled', 'dead', 'lost'].includes(receipt.status))
        failed.set(receipt.channel, receipt);
    }
  };

  const flush = async (): Promise<void> => {
    await acknowledgeEarlier(notifier, environment, recorder.run);
    const { problem } = await notifier.flush({ mode: 'due', signal: context.signal });
    if (problem !== null) context.output.warn(`messages that wait: ${problem}`);
  };
  // What earlier commands could not deliver goes out beside this one.
  track(flush(), 'messages that wait could not be flushed');
  return {
    announce: (event, variables, standing) =>
      track(send(event, variables, standing), `the message "${event}" could not be sent`),
    settle: async () => {
      const waited = new AbortController();
      const timeout = context.clock.sleep(settleBudgetMs, waited.signal).catch((error: unknown) => {
        if (!waited.signal.aborted) throw error;
      });
      await Promise.race([Promise.all(underWay), timeout]);
      waited.abort();
      await timeout;
      for (const { channel, status, reason } of failed.values())
        context.output.warn(
          `messages for ${channel} are ${status === 'spooled' ? 'not delivered yet: they wait in notifications/spool' : 'given up'}${reason === undefined ? '' : ` (${reason})`}`,
        );
      failed.clear();
    },
  };
};
