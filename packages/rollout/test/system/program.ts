import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

const bundler = fileURLToPath(new URL('./bundle-program.ts', import.meta.url));

/**
 * `run-cli.ts` as the command line is published: bundled, once a run. From source each start would load some 500 files
 * and strip their types, a second and a half of a processor's time.
 */
export const programFile = (): string => {
  const folder = inject('programFolder');
  const program = join(folder, 'program');
  if (!existsSync(program)) {
    execFileSync(process.execPath, [bundler, folder]);
    chmodSync(program, 0o755);
  }
  return join(program, 'program.js');
};
