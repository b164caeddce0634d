import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { bundle, MOST_BYTES } from '../scripts/bundle.js';
import type * as gates from '../src/index.ts';
import { live } from './support/live.ts';
import { policyOf } from './support/policies.ts';

it('is at most 19 KB, minified and gzipped, without a dependency', async () => {
  const { gzippedBytes, inputs } = await bundle('esm');
  expect(inputs.filter((input) => input.includes('node_modules'))).toEqual([]);
  expect(gzippedBytes).toBeGreaterThan(1000);
  expect(gzippedBytes).toBeLessThanOrEqual(MOST_BYTES);
  expect(MOST_BYTES).toBe(19_000);
});

it('needs one more package than zod and yaml at most, and does nothing when it is loaded', async () => {
  const { dependencies } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { dependencies: Record<string, string> };
  const more = Object.keys(dependencies).filter((name) => !['zod', 'yaml'].includes(name));
  expect(more.length).toBeLessThanOrEqual(1);
  // A context has no timer, network, file or console: what reached for one would throw.
  const context = {};
  runInNewContext((await bundle('iife')).code, context);
  expect(Object.keys(context)).toEqual(['gates']);
});

it('replays a recorded watch where there is nothing but the language, as in a browser', async () => {
  const { code } = await bundle('iife');
  const policy = policyOf();
  const { samples, last } = live(policy, (s) => ({ ok: s < 100 }));
  const input = JSON.stringify({ policy, samples });
  const decided: unknown = runInNewContext(
    `${code}; const { policy, samples } = JSON.parse(input); JSON.stringify(gates.replay(policy, samples))`,
    { input },
  );
  const replayed = JSON.parse(String(decided)) as ReturnType<typeof gates.replay>;
  expect([replayed.decision, replayed.at]).toEqual([last.decision, last.at]);
});
