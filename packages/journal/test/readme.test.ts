import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it, vi } from 'vitest';

it('the README example runs and prints what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const index = new URL('../src/index.ts', import.meta.url).href;
  const folder = await tempFolder();
  const file = join(folder, 'example.ts');
  await writeFile(file, code.replace("'@dhash/journal'", `'${index}'`));
  const printed: string[] = [];
  const log = vi
    .spyOn(console, 'log')
    .mockImplementation((...values) => void printed.push(values.join(' ')));
  vi.stubEnv('ROLLOUTS', folder);
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
