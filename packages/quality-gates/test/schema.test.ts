import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { environmentsOf, gatesFor, gateWarnings, jsonSchema, parseGates } from '../src/config.ts';

const at = (path: string) => new URL(path, import.meta.url);

it('keeps schema.json as the code has it', async () => {
  // Else: npm run schema -w @dhash/quality-gates
  expect(JSON.parse(await readFile(at('../schema.json'), 'utf8'))).toEqual(jsonSchema);
});

const undescribed = (schema: unknown, path: string): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, ...rest } = schema as { properties?: Record<string, unknown> };
  const missing = Object.entries(properties).flatMap(([key, value]) => [
    ...(typeof value === 'object' && value !== null && ('description' in value || '$ref' in value)
      ? []
      : [`${path}.${key}`]),
    ...undescribed(value, `${path}.${key}`),
  ]);
  return [
    ...missing,
    ...Object.entries(rest).flatMap(([key, value]) => undescribed(value, `${path}.${key}`)),
  ];
};

it('describes every field', () => {
  expect(undescribed(jsonSchema, '')).toEqual([]);
});

it('reads the shipped configuration, without a warning', async () => {
  const text = await readFile(at('../../../quality-gates-config.json'), 'utf8');
  const file = parseGates(text, { file: 'quality-gates-config.json' });
  expect(environmentsOf(file)).toEqual(['production', 'staging', 'canary']);
  const facts = environmentsOf(file).map((name) => {
    const { durationMs, onBreak, gates, ...policy } = gatesFor(file, name);
    expect(gateWarnings(gatesFor(file, name))).toEqual([]);
    const limits = Object.values(gates).map(({ threshold }) => threshold);
    return [name, durationMs / 60_000, onBreak, policy.cadence.normalMs / 1000, ...limits];
  });
  expect(facts).toEqual([
    ['production', 60, 'rollback', 120, 2, 20, 5, 2000, 1000],
    ['staging', 30, 'alert', 120, 3, 20, 8, 3000, 1500],
    ['canary', 15, 'rollback', 30, 1, 20, 2, 1500, 500],
  ]);
});

it('is where the shipped configuration tells an editor to look', async () => {
  const shipped = at('../../../quality-gates-config.json');
  const { $schema } = JSON.parse(await readFile(shipped, 'utf8')) as { $schema: string };
  const found = JSON.parse(await readFile(new URL($schema, shipped), 'utf8')) as object;
  expect(found).toEqual(jsonSchema);
});

it('would notice a field without a description', () => {
  const field = { type: 'object', properties: { a: { type: 'string' } } };
  expect(undescribed({ properties: { b: { description: 'b', ...field } } }, '')).toEqual(['.b.a']);
});
