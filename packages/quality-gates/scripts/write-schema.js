// Writes schema.json from the code (`npm run schema`); a test holds the two together.
import { writeFile } from 'node:fs/promises';
import { jsonSchema } from '../dist/config.js';

await writeFile(
  new URL('../schema.json', import.meta.url),
  `${JSON.stringify(jsonSchema, null, 2)}\n`,
);
