import type { Message, Severity } from '../message.ts';
import { alertFitting, alertKeyOf, alertViewOf } from './alert.ts';
import type { Composed } from './view.ts';

// Limits: Opsgenie, Alert API, "Create Alert" and "Close Alert".
const messageLimit = 130;
const descriptionLimit = 15_000;
const detailsLimit = 8000;
const sourceLimit = 100;
const noteLimit = 25_000;
const tagLimit = 50;

const priorities: Readonly<Record<Severity, 'P1' | 'P3' | 'P5'>> = {
  critical: 'P1',
  warning: 'P3',
  info: 'P5',
};

/** Body of a POST that creates an alert, or of one that closes it. */
export type OpsgeniePayload =
  | {
      readonly message: string;
      readonly alias: string;
      readonly description: string;
      readonly details: Readonly<Record<string, string>>;
      readonly tags: readonly string[];
      readonly priority: 'P1' | 'P3' | 'P5';
      readonly source: string;
      readonly responders?: readonly [{ readonly name: string; readonly type: 'team' }];
    }
  | { readonly source: string; readonly note: string };

/** Where it is posted to, below the API's address. */
export const opsgeniePath = (message: Message): string =>
  alertViewOf(message, []).action === 'close'
    ? `/v2/alerts/${encodeURIComponent(alertKeyOf(message))}/close?identifierType=alias`
    : '/v2/alerts';

/** {@link renderOpsgenie}, with whether anything was left out. */
export const composeOpsgenie = (
  message: Message,
  team: string | undefined,
  notes: readonly string[] = [],
): Composed<OpsgeniePayload> => {
  const view = alertViewOf(message, notes);
  const { fit, isTruncated } = alertFitting(view);
  const source = fit(view.host ?? 'dhash-rollout', sourceLimit);
  if (view.action === 'close')
    return {
      payload: { source, note: fit(`${view.headline}\n${view.text}`.trim(), noteLimit) },
      isTruncated: isTruncated(),
    };
  const links = view.links.map(({ title, url }) => `${title}: ${url}`);
  let roomLeft = detailsLimit;
  const all = Object.entries(view.details);
  const fitting = all.filter(([name, value]) => {
    roomLeft -= name.length + value.length;
    return roomLeft >= 0;
  });
  return {
    payload: {
      message: fit(view.headline, messageLimit),
      alias: view.key,
      description: fit([view.text, ...links].join('\n'), descriptionLimit),
      details: Object.fromEntries(fitting),
      tags: ['dhash-rollout', fit(view.event, tagLimit), view.severity],
      priority: priorities[view.severity],
      source,
      ...(team === undefined ? {} : { responders: [{ name: team, type: 'team' }] as const }),
    },
    isTruncated: isTruncated() || fitting.length < all.length,
  };
};

/** An alert, or the end of one: one a run, known by its alias. */
export const renderOpsgenie = (
  message: Message,
  team?: string,
  notes: readonly string[] = [],
): OpsgeniePayload => composeOpsgenie(message, team, notes).payload;
