import * as z from 'zod';
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
  if (isObject(chosen)) return chosen;
  // "a text, or a map": a map has one alternative only.
  const maps = alternatives.filter((one) => isObject(one) && one['type'] === 'object');
  return maps.length === 1 && isObject(maps[0]) ? maps[0] : schema;
};

const propertiesOf = (schema: JsonSchema): JsonSchema =>
  isObject(schema['properties']) ? schema['properties'] : {};

/** The schema of the part at `path`; of a union, the alternative that the part's `type` names. */
const schemaAt = (path: Path, file: unknown): JsonSchema => {
  let schema = rolloutJsonSchema();
  let value: unknown = file;
  for (const part of path) {
    value =
      isObject(value) || Array.isArray(value) ? (value as JsonSchema)[String(part)] : undefined;
    const next =
      propertiesOf(schema)[String(part)] ??
      (typeof part === 'number' ? schema['items'] : schema['additionalProperties']);
    if (!isObject(next)) return {};
    schema = alternative(next, value);
  }
  return schema;
};

/** Keys that the part of rollout.yaml at `path` may have. */
export const knownKeys = (path: Path, file: unknown): string[] =>
  Object.keys(propertiesOf(schemaAt(path, file)));

/** What `type` may be in the part of rollout.yaml at `path`, where it decides about the rest. */
export const knownTypes = (path: Path, file: unknown): string[] => {
  const { oneOf } = schemaAt(path, file);
  return Array.isArray(oneOf)
    ? oneOf.flatMap((one) => {
        const type = isObject(one) ? propertiesOf(one)['type'] : undefined;
        return isObject(type) ? [String(type['const'])] : [];
      })
    : [];
};
