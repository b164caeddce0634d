import * as z from 'zod';
import { environmentFields, gateFields } from './fields.ts';
import { forms, knownGates } from './forms.ts';

const optional = Object.fromEntries(
  Object.entries(gateFields).map(([key, field]) => [key, field.optional()]),
);

const gate = z.strictObject(optional).meta({
  id: 'gate',
  description: `A gate. ${forms
    .map(({ kind, own }) => `${kind}${own.length === 0 ? '' : `: ${own.join(' + ')}`}`)
    .join('; ')}.`,
});

const known = Object.fromEntries(
  [...knownGates].map(([name, { kind, brings }]) => {
    const brought = Object.entries(brings).map(([key, value]) => `${key}: ${String(value)}`);
    return [
      name,
      gate
        .optional()
        .describe(
          `Known gate, kind ${kind}${brought.length === 0 ? '' : `, brings ${brought.join(', ')}`}.`,
        ),
    ];
  }),
);

const file = z.strictObject({
  $schema: z.string().optional().describe('Where this schema lies, for editors.'),
  environments: z
    .record(
      z.string(),
      z.strictObject({
        ...environmentFields,
        qualityGates: z
          .object(known)
          .catchall(gate)
          .describe('The gates by name. All are always judged and reported.'),
      }),
    )
    .describe('The environments by name.'),
});

/** JSON Schema (draft 2020-12) of a gates file, with a description for every field. */
export const jsonSchema: object = z.toJSONSchema(file, { io: 'input' });
