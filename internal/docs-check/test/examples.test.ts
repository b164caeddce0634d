import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatesFor, gateWarnings, parseGates } from '@dhash/quality-gates/config';
import { environmentConfig, loadConfig } from '@dhash/rollout';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { blocksOf, bookText } from './books.ts';

const [rollout, gates, ...more] = blocksOf(bookText('README.md'))
  .filter(({ language }) => language === 'yaml')
  .map(({ code }) => code);

it('has two YAML examples in README.md', () => {
  expect(rollout).toBeDefined();
  expect(gates).toBeDefined();
  expect(more).toEqual([]);
});

it('has a rollout.yaml in README.md that is one, and names the gates file shown below it', async () => {
  const file = join(await tempFolder(), 'rollout.yaml');
  await writeFile(file, rollout ?? '');
  const config = environmentConfig(await loadConfig(file), 'production', {});
  expect(config.service).toBe('shop');
  expect(config.data.map(({ name }) => name)).toEqual(['orders', 'uploads']);
  expect(config.rollback.data).toBe('restore');
  expect(gates?.split('\n')[0]).toBe(`# ${config.gatesFile.split('/').at(-1)}`);
});

it('has gates in README.md that parse, warn of nothing and roll back', () => {
  const policy = gatesFor(parseGates(gates ?? '', { file: 'gates.yaml' }), 'production');
  expect(Object.keys(policy.gates)).toEqual(['healthFailures', 'errors', 'latency']);
  expect(policy.durationMs).toBe(1_800_000);
  expect(policy.onBreak).toBe('rollback');
  expect(gateWarnings(policy)).toEqual([]);
});
