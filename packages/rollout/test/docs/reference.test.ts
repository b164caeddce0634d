import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { rolloutJsonSchema } from '../../src/config/json-schema.ts';
import { eventSchemas } from '../../src/record/events.ts';
import { fieldTable } from './field-table.ts';

const docs = new URL('../../../../docs/', import.meta.url);

const configuration = `# rollout.yaml, field by field

Made of the schema (\`packages/rollout/schema.json\`); a test holds it. \`<name>\` is a name of yours, \`[]\` an entry of a list, and \`(type)\` the
alternative with that \`type\`. Paths are relative to the folder of rollout.yaml. \`\${NAME}\` and \`\${NAME:-default}\` are put in below \`environments\` and \`channels\`.

${fieldTable(rolloutJsonSchema())}
`;

const events = Object.entries(eventSchemas).map(
  ([type, schema]) =>
    `## \`${type}\`\n\n${fieldTable(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))}`,
);
const jsonEvents = `# Events

## Of \`--json\`

One JSON object a line on stdout, and nothing else there. The last is the result:

\`{"type":"result","command":"deploy","exit":0,"run":"…",…}\`, with \`error\` (a code) and \`message\` where it failed. Before it come, by command: \`plan\` (of a deploy) and \`trial\` (of migrations), each
step as it is on the record, each look of a watch, \`status\`, \`receipt\` (of a message), and \`progress\` (a second apart, where something takes long). A type that you do not know is to be passed over.

# Events of a record

Each line of \`journal.ndjson\` has \`seq\`, \`at\`, \`prev\`, \`type\`, the fields below and \`hash\`: [format.md](format.md). Made of the schemas that read them; a test holds it.

${events.join('\n\n')}
`;

it.each([
  ['configuration.md', configuration],
  ['json-events.md', jsonEvents],
])('docs/%s is what the schemas say (UPDATE_SCHEMA=1 writes it anew)', async (name, expected) => {
  const file = new URL(name, docs);
  if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(file, expected);
  expect(await readFile(file, 'utf8')).toBe(expected);
});
