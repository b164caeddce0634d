// @ts-check
// Writes src/rescue/rescue-*.ts from rescue/*.sh: the package must work from source, ESM and CommonJS
// alike, and none of them finds a shell file beside it. A test holds them together.
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('..', import.meta.url);
const quote = (/** @type {string} */ line) =>
  line.includes("'") && !line.includes('"')
    ? JSON.stringify(line)
    : `'${line.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const embed = (
  /** @type {string} */ from,
  /** @type {string} */ to,
  /** @type {string} */ name,
  /** @type {string} */ what,
) => {
  const lines = readFileSync(new URL(`rescue/${from}`, here), 'utf8')
    .trimEnd()
    .split('\n');
  writeFileSync(
    new URL(`src/rescue/${to}`, here),
    `// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell's\n// Written by scripts/embed-rescue.js from rescue/${from}.\n\n/** Lines of ${what}. */\n// biome-ignore format: as it is written\nexport const ${name}: readonly string[] = [\n${lines.map((line) => `  ${quote(line)},`).join('\n')}\n];\n`,
  );
};
embed(
  'rescue.sh',
  'rescue-body.ts',
  'RESCUE_BODY',
  'the part that says what is done, in which order',
);
embed('rescue-plain.sh', 'rescue-plain.ts', 'RESCUE_PLAIN', 'the part for what lies on a disk');
embed(
  'rescue-command.sh',
  'rescue-command.ts',
  'RESCUE_COMMAND',
  'the part for data that only commands can reach',
);
embed(
  'rescue-postgres.sh',
  'rescue-postgres.ts',
  'RESCUE_POSTGRES',
  'the part for databases on a PostgreSQL server',
);
