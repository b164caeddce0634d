import type { Message } from '../message.ts';
import { alertFitting, alertViewOf } from './alert.ts';
import type { Composed } from './view.ts';

// Limits: PagerDuty, Events API v2: summary 1,024 characters, dedup_key 255, an event 512 KB.
const summaryLimit = 1024;
const textLimit = 20_000;
const linkTextLimit = 200;

/** Body of a POST to PagerDuty's Events API v2. */
export type PagerdutyPayload =
  | {
      readonly routing_key: string;
      readonly event_action: 'trigger';
      readonly dedup_key: string;
      readonly payload: {
        readonly summary: string;
        /** What the event is about, or comes from. */
        readonly source: string;
        readonly severity: 'critical' | 'warning' | 'info';
        readonly timestamp: string;
        readonly class: string;
        readonly custom_details: Readonly<Record<string, string>>;
      };
      readonly links: readonly { readonly href: string; readonly text: string }[];
      readonly client: 'dhash-rollout';
    }
  | {
      readonly routing_key: string;
      readonly event_action: 'resolve';
      readonly dedup_key: string;
    };

/** {@link renderPagerduty}, with whether anything was left out. */
export const composePagerduty = (
  message: Message,
  routingKey: string,
  notes: readonly string[] = [],
): Composed<PagerdutyPayload> => {
  const view = alertViewOf(message, notes);
  const head = { routing_key: routingKey, dedup_key: view.key };
  if (view.action === 'close')
    return { payload: { ...head, event_action: 'resolve' }, isTruncated: false };
  const { fit, isTruncated } = alertFitting(view);
  return {
    payload: {
      ...head,
      event_action: 'trigger',
      payload: {
        summary: fit(view.headline, summaryLimit),
        source: view.host ?? 'dhash-rollout',
        severity: view.severity,
        timestamp: view.at,
        class: view.event,
        custom_details: { ...view.details, Text: fit(view.text, textLimit) },
      },
      links: view.links.map(({ title, url }) => ({ href: url, text: fit(title, linkTextLimit) })),
      client: 'dhash-rollout',
    },
    isTruncated: isTruncated(),
  };
};

/** An event that opens an alert, or resolves it: one a run, known by its `dedup_key`. */
export const renderPagerduty = (
  message: Message,
  routingKey: string,
  notes: readonly string[] = [],
): PagerdutyPayload => composePagerduty(message, routingKey, notes).payload;
