import type { Severity } from '../message.ts';

/** How a severity looks, in the terms of each channel. */
export const severityLook = {
  info: { symbol: '', teams: 'Default', rgb: 0x2f6feb, css: '#2f6feb', word: 'Info' },
  warning: { symbol: '⚠️ ', teams: 'Warning', rgb: 0xd29922, css: '#b7791f', word: 'Warning' },
  critical: { symbol: '🔴 ', teams: 'Attention', rgb: 0xda3633, css: '#cf222e', word: 'Critical' },
} as const satisfies Record<Severity, unknown>;

/** `2026-11-23 20:00:05 UTC`: the same for every reader, wherever. */
export const readableTime = (at: string): string => {
  const time = new Date(at);
  return Number.isNaN(time.getTime())
    ? at
    : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
};

/** The line that lets people tell copies apart where a channel has no idempotency key. */
export const footerLine = (view: {
  readonly event: string;
  readonly run: string | null;
  readonly at: string;
  readonly id: string;
}): string =>
  [
    view.event,
    ...(view.run === null ? [] : [`run ${view.run}`]),
    readableTime(view.at),
    `id ${view.id}`,
  ].join(' · ');
