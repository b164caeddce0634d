import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { knownKeys, rolloutJsonSchema } from '../../src/config/json-schema.ts';

const file = new URL('../../schema.json', import.meta.url);

test('schema.json is what the schema of rollout.yaml says (UPDATE_SCHEMA=1 writes it anew)', async () => {
  const expected = `${JSON.stringify(rolloutJsonSchema(), null, 2)}\n`;
  if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(file, expected);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(expected));
});

test('it knows the keys of a part, by the type that the part names', () => {
  const raw = { environments: { a: { target: { type: 'command' } } } };
  expect(knownKeys(['environments', 'a', 'target'], raw)).toContain('activate');
  expect(knownKeys(['environments', 'a', 'target'], raw)).not.toContain('artifact');
});
