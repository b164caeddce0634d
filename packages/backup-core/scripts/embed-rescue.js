// @ts-check
// Writes src/rescue/rescue-body.ts from rescue/*.sh: the package must work from source, ESM and CommonJS
// alike, and none of them finds a shell file beside it. A test holds them together.
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('..', import.meta.url);
const quote = (/** @type {string} */ line) =>
  line.includes("'") && !line.includes('"')
    ? JSON.stringify(line)
    : `'${line.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const embedded = (
  /** @type {string} */ name,
  /** @type {string} */ file,
  /** @type {string} */ what,
) => {
  const lines = readFileSync(new URL(`rescue/${file}`, here), 'utf8')
    .trimEnd()
    .split('\n');
  return `/** Lines of ${what}. */\n// biome-ignore format: as it is written\nexport const ${name}: readonly string[] = [\n${lines.map((line) => `  ${quote(line)},`).join('\n')}\n];\n`;
};
writeFileSync(
  new URL('src/rescue/rescue-body.ts', here),
  `// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell's\n// Written by scripts/embed-rescue.js from rescue/*.sh.\n\n${embedded('RESCUE_BODY', 'rescue.sh', 'the part that every rescue script has')}\n${embedded('RESCUE_POSTGRES', 'rescue-postgres.sh', 'the part for databases on a PostgreSQL server')}`,
);
