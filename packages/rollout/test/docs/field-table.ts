type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const schemas = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);

const alternativesOf = (schema: Schema): Schema[] => [
  ...schemas(schema['anyOf']),
  ...schemas(schema['oneOf']),
  ...schemas(schema['allOf']),
];

const kindOf = (schema: Schema): string => {
  if (schema['const'] !== undefined) return `\`${JSON.stringify(schema['const'])}\``;
  const choices = schema['enum'];
  if (Array.isArray(choices)) return choices.map((one) => `\`${one}\``).join(', ');
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return [...new Set(alternatives.map(kindOf))].join(' or ');
  if (schema['type'] === 'array')
    return isSchema(schema['items']) ? `list of ${kindOf(schema['items'])}` : 'list';
  return typeof schema['type'] === 'string' ? schema['type'] : 'anything';
};

const shortened = (kind: string): string => (kind.length > 160 ? `${kind.slice(0, 157)}…` : kind);

/** The type by which an alternative of a union is told from the others. */
const tagOf = (schema: Schema): string | null => {
  const properties = schema['properties'];
  const type = isSchema(properties) ? properties['type'] : undefined;
  return isSchema(type) && typeof type['const'] === 'string' ? type['const'] : null;
};

interface Row {
  readonly path: string;
  readonly kind: string;
  readonly isRequired: boolean;
  readonly byDefault: unknown;
  readonly description: string;
}

/** All fields below a schema, depth first, in the order in which they are written. */
const rowsOf = (schema: Schema, path: string): Row[] => {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const named = Object.entries(properties).flatMap(([name, inner]) => {
    if (!isSchema(inner)) return [];
    const own = path === '' ? name : `${path}.${name}`;
    const row: Row = {
      path: own,
      kind: shortened(kindOf(inner)),
      // Defaults are filled in: a field that has one need not be written.
      isRequired: required.includes(name) && inner['default'] === undefined,
      byDefault: inner['default'],
      description: typeof inner['description'] === 'string' ? inner['description'] : '',
    };
    return [row, ...rowsOf(inner, own)];
  });
  const more = isSchema(schema['additionalProperties'])
    ? rowsOf(schema['additionalProperties'], `${path}.<name>`)
    : [];
  const items = isSchema(schema['items']) ? rowsOf(schema['items'], `${path}[]`) : [];
  const alternatives = alternativesOf(schema).flatMap((one) => {
    const tag = tagOf(one);
    return rowsOf(one, tag === null ? path : `${path} (${tag})`);
  });
  return [...named, ...more, ...items, ...alternatives];
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A Markdown table of all fields below a schema; of two that are the same in each alternative, one. */
export const fieldTable = (schema: Schema): string => {
  const lines = rowsOf(schema, '').map(({ path, kind, isRequired, byDefault, description }) => {
    const otherwise = isRequired
      ? '**required**'
      : byDefault === undefined
        ? ''
        : `\`${JSON.stringify(byDefault)}\``;
    return `| \`${path}\` | ${cell(kind)} | ${cell(otherwise)} | ${cell(description)} |`;
  });
  return ['| field | what | default | |', '| --- | --- | --- | --- |', ...new Set(lines)].join(
    '\n',
  );
};
