import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it, vi } from 'vitest';

it('the README example runs and prints what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const folder = await tempFolder();
  const file = join(folder, 'example.ts');
  const sourceOf = (name: string) =>
    fileURLToPath(new URL(`../../${name}/src/index.ts`, import.meta.url));
  const resolved = code.replace(/'@dhash\/([a-z-]+)'/g, (_, name: string) => `'${sourceOf(name)}'`);
  await writeFile(file, resolved);
  const printed: string[] = [];
  const log = vi
    .spyOn(console, 'log')
    .mockImplementation((...values) => void printed.push(values.join(' ')));
  vi.stubEnv('ROOT', folder);
  try {
    await import(pathToFileURL(file).href);
  } finally {
    log.mockRestore();
    vi.unstubAllEnvs();
  }
  expect(printed).toEqual(
    [...code.matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map((match) => match[1]),
  );
  expect(printed.length).toBeGreaterThan(0);
});
