import * as z from 'zod/mini';
import type { Message } from '../message.ts';

const address = z
  .string()
  .check(
    z.regex(
      /^https?:\/\/[^\s]+$/,
      'must be an address that begins with http:// or https://; {service}, {env}, {run}, {event} and {version} in it are filled in',
    ),
  );

/** `links` of rollout.yaml: addresses that every message carries. */
export const fixedLinksSchema = z.strictObject({
  /** The page of the run, where it is published. */
  report: z.optional(address),
  /** What to do when it breaks. */
  runbook: z.optional(address),
  /** Where its metrics are seen. */
  dashboard: z.optional(address),
});

/** `links` of rollout.yaml. */
export type FixedLinks = z.infer<typeof fixedLinksSchema>;

const titles = { report: 'Report', runbook: 'Runbook', dashboard: 'Dashboard' } as const;

/** What may stand in braces in an address. */
export interface LinkValues {
  readonly service: string;
  readonly env: string;
  readonly event: string;
  readonly run: string | null;
  readonly version: string | null;
}

/**
 * The links of a message: `{run}` and the others are filled in, encoded. One that needs what this message has not
 * (a run, outside of one) is left out: it would lead nowhere.
 */
export const fixedLinks = (given: FixedLinks, values: LinkValues): Message['links'] =>
  (['report', 'runbook', 'dashboard'] as const).flatMap((kind) => {
    const pattern = given[kind];
    if (pattern === undefined) return [];
    const known = new Map<string, string | null>(Object.entries(values));
    const names = [...pattern.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name ?? '');
    if (names.some((name) => known.has(name) && !known.get(name))) return [];
    const url = pattern.replace(/\{([a-z]+)\}/g, (whole, name: string) =>
      known.has(name) ? encodeURIComponent(known.get(name) ?? '') : whole,
    );
    return [{ title: titles[kind], url }];
  });
