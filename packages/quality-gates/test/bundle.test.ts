import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type * as gates from '../src/index.ts';
import { live } from './support/live.ts';
import { policyOf } from './support/policies.ts';

const bundle = async (entry: string, format: 'esm' | 'iife') => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    target: 'es2022',
    format,
    ...(format === 'iife' ? { globalName: 'gates' } : {}),
  });
  return { code: outputFiles[0]?.text ?? '', inputs: Object.keys(metafile.inputs) };
};

it('is at most 10 KB, minified and gzipped, without a dependency', async () => {
  const { code, inputs } = await bundle('../src/index.ts', 'esm');
  expect(inputs.filter((input) => input.includes('node_modules'))).toEqual([]);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(10_000);
});

it('replays a recorded watch where there is nothing but the language, as in a browser', async () => {
  const { code } = await bundle('../src/index.ts', 'iife');
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
