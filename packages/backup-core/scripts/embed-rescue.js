// @ts-check
// Writes src/rescue/rescue-body.ts from rescue/rescue.sh: the package must work from source, ESM and CommonJS
// alike, and none of them finds a shell file beside it. A test holds the two together.
import { readFileSync, writeFileSync } from 'node:fs';

const here = new URL('..', import.meta.url);
const lines = readFileSync(new URL('rescue/rescue.sh', here), 'utf8').trimEnd().split('\n');
const quote = (/** @type {string} */ line) =>
  line.includes("'") && !line.includes('"')
    ? JSON.stringify(line)
    : `'${line.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
writeFileSync(
  new URL('src/rescue/rescue-body.ts', here),
  `// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell's\n// Written by scripts/embed-rescue.js from rescue/rescue.sh.\n\n/** Lines of the part that every rescue script has. */\n// biome-ignore format: as it is written\nexport const RESCUE_BODY: readonly string[] = [\n${lines.map((line) => `  ${quote(line)},`).join('\n')}\n];\n`,
);
