import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { makeDatabase } from './support/sample.ts';

it('runs the example of the README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const source = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const root = await tempFolder();
  await mkdir(join(root, 'data', 'pictures'), { recursive: true });
  await writeFile(join(root, 'data', 'pictures', 'a.jpg'), 'a');
  await makeDatabase(join(root, 'data', 'library.db'), 5);
  await writeFile(
    join(root, 'example.mts'),
    example.replace("'@dhash/backup-core'", `'${source}'`),
  );
  const output = execFileSync(process.execPath, ['--no-warnings', 'example.mts'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(output).toContain('files: 2');
  expect(output).toContain('hashes: 5');
  expect(
    example
      .trim()
      .split('\n')
      .filter((line) => line !== '').length,
  ).toBeLessThanOrEqual(13);
});
