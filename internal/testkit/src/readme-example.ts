import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';

/**
 * The one ```ts block of a package's README, as a module: written into the package's own test
 * folder, so that its imports resolve as a user's do, and removed when the test ends.
 *
 * @param testUrl `import.meta.url` of a test file right below the package's test/
 * @returns the module's exports
 * @throws where the README has no such block, or more than one
 */
export const readmeExample = async (testUrl: string): Promise<Record<string, unknown>> => {
  const readme = await readFile(new URL('../README.md', testUrl), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
  const [code, ...more] = blocks;
  if (code === undefined || more.length > 0)
    throw new Error(`the README has ${blocks.length} ts examples, expected one`);
  const folder = new URL('./.readme/', testUrl);
  await mkdir(folder, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = new URL('example.ts', folder);
  await writeFile(file, code);
  return import(/* @vite-ignore */ file.href);
};
