import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = await mkdtemp(join(here, 'readme-'));
afterAll(() => rm(folder, { recursive: true }));

it('shows an example that does what its last line says', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const file = join(folder, 'example.ts');
  await writeFile(file, code);
  const { decision, reasons } = (await import(file)) as { decision: string; reasons: string[] };
  const told = /\/\/ '(\w+)', \['(.*)'\]\n$/.exec(code);
  expect([decision, ...reasons]).toEqual([told?.[1], told?.[2]]);
});

it('names only tests that are there', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const files = [...readme.matchAll(/`(test\/[\w/.-]+\.test\.ts)`(?:: "([^"]+)")?/g)];
  expect(files.length).toBeGreaterThan(8);
  for (const [, file = '', title = ''] of files)
    expect(await readFile(join(here, '..', file), 'utf8'), file).toContain(title);
});
