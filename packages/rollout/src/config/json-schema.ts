import { z } from 'zod';
import type { Path } from './positions.ts';
import { fileSchema } from './schema.ts';

type JsonSchema = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * JSON Schema of rollout.yaml for editors; committed as `packages/rollout/schema.json`. A scalar
 * that holds a variable is judged after it is put in, so an editor may mark `"${PORT}"` where a
 * number is asked for.
 */
export const rolloutJsonSchema = (): JsonSchema => ({
  title: 'rollout.yaml',
  description: 'One service and how it is rolled out, environment by environment.',
  ...z.toJSONSchema(fileSchema, { io: 'input' }),
});

/** Of the alternatives of a union, the one that has the `type` of the value. */
const alternative = (schema: JsonSchema, value: unknown): JsonSchema => {
  const alternatives = schema['oneOf'] ?? schema['anyOf'];
  if (!Array.isArray(alternatives) || !isObject(value)) return schema;
  const chosen = alternatives.find(
    (one) =>
      isObject(one) &&
      isObject(one['properties']) &&
      isObject(one['properties']['type']) &&
      one['properties']['type']['const'] === value['type'],
  );
  return isObject(chosen) ? chosen : schema;
};

/** Keys that the part of rollout.yaml at `path` may have. */
export const knownKeys = (path: Path, file: unknown): string[] => {
  let schema: JsonSchema = rolloutJsonSchema();
  let value: unknown = file;
  for (const part of path) {
    value =
      isObject(value) || Array.isArray(value) ? (value as JsonSchema)[String(part)] : undefined;
    const properties = schema['properties'];
    const next =
      (isObject(properties) ? properties[String(part)] : undefined) ??
      (typeof part === 'number' ? schema['items'] : schema['additionalProperties']);
    if (!isObject(next)) return [];
    schema = alternative(next, value);
  }
  return isObject(schema['properties']) ? Object.keys(schema['properties']) : [];
};
