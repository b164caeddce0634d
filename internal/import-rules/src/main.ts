import { fileURLToPath } from 'node:url';
import { checkImports } from './check-imports.ts';

const violations = checkImports(fileURLToPath(new URL('../../../', import.meta.url)));
for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
console.log(
  violations.length === 0 ? 'imports: as allowed' : `imports: ${violations.length} not allowed`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
