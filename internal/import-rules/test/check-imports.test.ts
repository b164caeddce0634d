import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { checkImports } from '../src/check-imports.ts';
import type { PackageRule } from '../src/rules.ts';

const rules: PackageRule[] = [
  {
    folder: 'packages/pure',
    siblings: [],
    node: 'refused',
    bundled: ['@dhash/basics/near'],
    reach: { 'src/index.ts': [], 'src/config.ts': ['yaml'] },
  },
  { folder: 'packages/bare', siblings: [], node: 'allowed', reach: { 'src/index.ts': [] } },
  { folder: 'packages/low', siblings: [], node: 'allowed' },
  {
    folder: 'packages/top',
    siblings: ['@t/low'],
    node: 'allowed',
    folders: ['record', 'deep', 'cli'],
  },
  { folder: 'internal/basics', siblings: [], node: 'allowed' },
  { folder: 'internal/kit', siblings: [], node: 'allowed' },
];

const manifest = (name: string, dependencies: string[], devDependencies: string[] = []) =>
  JSON.stringify({
    name,
    dependencies: Object.fromEntries(dependencies.map((each) => [each, '1'])),
    devDependencies: Object.fromEntries(devDependencies.map((each) => [each, '1'])),
  });

/** A small repository that breaks no rule. */
const clean: Record<string, string> = {
  'package.json': JSON.stringify({
    workspaces: ['packages/*', 'internal/*'],
    devDependencies: { vitest: '1' },
  }),
  'packages/pure/package.json': manifest('@t/pure', ['yaml'], ['@t/kit']),
  'packages/pure/src/index.ts': "export { a } from './a.ts';",
  'packages/pure/src/a.ts': "export const a = 1; // import 'node:fs'\n",
  'packages/pure/src/config.ts': "import { a } from './a.ts';\nimport './parse.ts';\nexport { a };",
  'packages/pure/src/parse.ts': "import { parse } from 'yaml/sub';\nparse();",
  'packages/pure/test/a.test.ts':
    "import 'node:fs';\nimport 'vitest';\nimport '@t/kit';\nimport '@t/pure';\nimport '../src/index.ts';",
  'packages/low/package.json': manifest('@t/low', ['zod']),
  'packages/low/src/index.ts': "export type { Z } from 'zod';\nimport 'node:fs';",
  'packages/top/package.json': manifest('@t/top', ['@t/low']),
  'packages/top/src/index.ts': "export { b } from './b.ts';",
  'packages/top/src/b.ts': "import { low } from '@t/low';\nexport const b = low;",
  'internal/kit/package.json':
    '{ "name": "@t/kit", "private": true, "devDependencies": { "x": "1" } }',
  'internal/kit/src/index.ts': "import 'x';",
};

const check = async (planted: Record<string, string>) => {
  const root = await tempFolder();
  for (const [path, text] of Object.entries({ ...clean, ...planted })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return checkImports(root, rules, ['@t/kit']).map(
    ({ file, line, message }) => `${file}:${line}: ${message}`,
  );
};

describe('checkImports', () => {
  it('finds nothing in a repository that keeps the rules', async () => {
    expect(await check({})).toEqual([]);
  });

  it('lets a published package take what is bundled, as far as its rule goes', async () => {
    const found = await check({
      'internal/basics/package.json': '{ "name": "@dhash/basics", "private": true }',
      'internal/basics/src/near.ts': 'export const near = 1;',
      'packages/low/package.json': manifest('@t/low', ['zod'], ['@dhash/basics']),
      'packages/low/src/b.ts': "import '@dhash/basics/near';",
      'packages/top/src/c.ts': "import '@dhash/basics/near';",
      'packages/pure/package.json': manifest('@t/pure', ['yaml'], ['@t/kit', '@dhash/basics']),
      'packages/pure/src/d.ts': "import '@dhash/basics/near';\nimport '@dhash/basics/disk';",
    });
    expect(found).toEqual([
      'packages/pure/src/d.ts:2: "@dhash/basics/disk" is not for packages/pure; it may import @dhash/basics/near',
      'packages/top/src/c.ts:1: @dhash/basics is not among the dependencies or devDependencies of @t/top',
    ]);
  });

  it('finds an import against the order of folders, and a folder without a place in it', async () => {
    const found = await check({
      'packages/top/src/cli/a.ts': "import '../record/b.ts';\nimport './c.ts';\nimport '../b.ts';",
      'packages/top/src/record/b.ts': "import '../b.ts';\n\nimport '../cli/a.ts';",
      'packages/top/src/odd/c.ts': "import '../b.ts';",
    });
    expect(found).toEqual([
      'packages/top/src/odd/c.ts:1: src/odd has no place in the order of folders; give it one in internal/import-rules/src/rules.ts',
      'packages/top/src/record/b.ts:3: "../cli/a.ts" lies above src/record; it may import record',
    ]);
  });

  const planted: { name: string; files: Record<string, string>; found: string[] }[] = [
    {
      name: 'an import of a sibling that is not below',
      files: {
        'packages/low/package.json': manifest('@t/low', ['zod', '@t/top']),
        'packages/low/src/up.ts': "\nimport type { b } from '@t/top';",
      },
      found: [
        'packages/low/src/up.ts:2: @t/low may not import @t/top; it may import no other package',
        'packages/low/package.json:1: @t/low may not depend on @t/top',
      ],
    },
    {
      name: 'a test that imports a sibling that is not below',
      files: {
        'packages/low/package.json': manifest('@t/low', ['zod'], ['@t/top']),
        'packages/low/test/up.test.ts': "import '@t/top';",
      },
      found: [
        'packages/low/test/up.test.ts:1: @t/low may not import @t/top; its tests may import only @t/kit',
      ],
    },
    {
      name: 'the test kit in src',
      files: {
        'packages/top/package.json': manifest('@t/top', ['@t/low'], ['@t/kit']),
        'packages/top/src/k.ts': "import '@t/kit';",
      },
      found: [
        'packages/top/src/k.ts:1: @t/top may not import @t/kit; it may import only @t/low',
        'packages/top/src/k.ts:1: @t/kit is not among the dependencies of @t/top',
      ],
    },
    {
      name: 'a sibling reached by a relative path',
      files: { 'packages/top/src/c.ts': "export * from '../../low/src/index.ts';" },
      found: [
        'packages/top/src/c.ts:1: "../../low/src/index.ts" leaves the package; import the other package by its name',
      ],
    },
    {
      name: 'the own index, by path and by name',
      files: {
        'packages/top/src/c.ts': "import './index.ts';\nimport '@t/top';",
        'packages/top/src/deep/d.ts': "import '../index.ts';",
      },
      found: [
        'packages/top/src/c.ts:1: "./index.ts" is the package\'s own index; import the file that defines it',
        'packages/top/src/c.ts:2: "@t/top" is the package\'s own index; import the file that defines it',
        'packages/top/src/deep/d.ts:1: "../index.ts" is the package\'s own index; import the file that defines it',
      ],
    },
    {
      name: 'a test imported by src',
      files: { 'packages/top/test/x.ts': '', 'packages/top/src/c.ts': "import '../test/x.ts';" },
      found: [
        'packages/top/src/c.ts:1: "../test/x.ts" is a test; what src/ needs belongs into src/',
      ],
    },
    {
      name: 'node: where it is refused, also by import() and require()',
      files: {
        'packages/pure/src/n.ts':
          "import 'node:fs';\nconst fs = await import('node:path');\nrequire('node:os');",
      },
      found: [
        'packages/pure/src/n.ts:1: @t/pure runs in a browser and may not import node:fs',
        'packages/pure/src/n.ts:2: @t/pure runs in a browser and may not import node:path',
        'packages/pure/src/n.ts:3: @t/pure runs in a browser and may not import node:os',
      ],
    },
    {
      name: 'a package that an entry point reaches through another file',
      files: { 'packages/pure/src/a.ts': "import './parse.ts';\nexport const a = 1;" },
      found: [
        'packages/pure/src/parse.ts:1: src/index.ts of @t/pure reaches yaml here; it may reach no package',
      ],
    },
    {
      name: 'a package outside the list of an entry point',
      files: {
        'packages/pure/package.json': manifest('@t/pure', ['yaml', 'zod'], ['@t/kit']),
        'packages/pure/src/parse.ts': "import 'zod';",
      },
      found: [
        'packages/pure/src/parse.ts:1: src/config.ts of @t/pure reaches zod here; it may reach only yaml',
      ],
    },
    {
      name: 'a rule for a package without sources',
      files: { 'packages/bare/package.json': manifest('@t/bare', []) },
      found: [
        'packages/bare/package.json:1: @t/bare has no src/index.ts; its rule in internal/import-rules/src/rules.ts names it',
      ],
    },
    {
      name: 'packages that are not declared',
      files: {
        'packages/low/src/z.ts': "import '@scope/x/sub';\nimport 'fs';",
        'packages/low/test/z.test.ts': "import 'y';",
        'internal/kit/src/y.ts': "import 'y';",
      },
      found: [
        'internal/kit/src/y.ts:1: y is not among the dependencies or devDependencies of @t/kit',
        'packages/low/src/z.ts:1: @scope/x is not among the dependencies of @t/low',
        'packages/low/src/z.ts:2: fs is not among the dependencies of @t/low',
        'packages/low/test/z.test.ts:1: y is not among the dependencies or devDependencies of @t/low',
      ],
    },
    {
      name: 'a workspace without a rule',
      files: { 'packages/new/package.json': manifest('@t/new', []) },
      found: [
        'packages/new/package.json:1: @t/new has no rule; add one to internal/import-rules/src/rules.ts',
      ],
    },
  ];

  it.each(planted)('finds $name', async ({ files, found }) => {
    expect(await check(files)).toEqual(found);
  });
});
