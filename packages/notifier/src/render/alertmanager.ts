import type { Message } from '../message.ts';
import { alertFitting, alertViewOf } from './alert.ts';
import type { Composed } from './view.ts';

const labelLimit = 200;
const textLimit = 20_000;

/**
 * An alert without an end is over after Alertmanager's `resolve_timeout` (5 min), unless it is posted again and again;
 * one of a rollout is over when a message says so.
 */
const openForMs = 24 * 3_600_000;

/** Body of a POST to `/api/v2/alerts`. */
export type AlertmanagerPayload = readonly {
  /** What an alert is known by: the same when it opens and when it closes. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}[];

/** What an address of a link is called by everybody who writes alerts. */
const annotationNames: Readonly<Record<string, string>> = {
  Runbook: 'runbook_url',
  Dashboard: 'dashboard_url',
};

/** {@link renderAlertmanager}, with whether anything was left out. */
export const composeAlertmanager = (
  message: Message,
  labels: Readonly<Record<string, string>>,
  notes: readonly string[] = [],
): Composed<AlertmanagerPayload> => {
  const view = alertViewOf(message, notes);
  const { fit, isTruncated } = alertFitting(view);
  const labelsOf = (severity: string) => ({
    ...labels,
    alertname: 'DhashRollout',
    severity,
    run: fit(view.key.slice(view.key.indexOf(':') + 1), labelLimit),
  });
  const annotations: Record<string, string> = {
    summary: fit(view.headline, textLimit),
    description: fit(view.text, textLimit),
  };
  for (const { title, url } of view.links) {
    const name = annotationNames[title];
    if (name !== undefined) annotations[name] = url;
  }
  const report = view.links.find(({ title }) => title === 'Report')?.url;
  if (view.action === 'close')
    return {
      // It was opened as one or the other, or first as one and then as the other.
      payload: (['critical', 'warning'] as const).map((severity) => ({
        labels: labelsOf(severity),
        annotations,
        endsAt: view.at,
      })),
      isTruncated: isTruncated(),
    };
  const endsAt = new Date(Date.parse(view.at) + openForMs).toISOString();
  return {
    payload: [
      {
        labels: labelsOf(view.severity),
        annotations,
        startsAt: view.at,
        endsAt,
        ...(report === undefined ? {} : { generatorURL: report }),
      },
    ],
    isTruncated: isTruncated(),
  };
};

/** An alert that fires, or the end of one: one a run and severity, known by its labels. */
export const renderAlertmanager = (
  message: Message,
  labels: Readonly<Record<string, string>> = {},
  notes: readonly string[] = [],
): AlertmanagerPayload => composeAlertmanager(message, labels, notes).payload;
