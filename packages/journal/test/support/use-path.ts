import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { missingRightOf } from '../../src/missing-right.ts';

// Does something with a path, and prints which right was missing.
const [doing = '', path = ''] = process.argv.slice(2);
const acts: Record<string, () => void> = {
  list: () => readdirSync(path),
  read: () => readFileSync(path),
  write: () => writeFileSync(path, ''),
  make: () => mkdirSync(path, { recursive: true }),
  remove: () => rmSync(path),
};
try {
  acts[doing]?.();
  process.stdout.write('nothing\n');
} catch (error) {
  process.stdout.write(`${missingRightOf(error)}\n`);
}
