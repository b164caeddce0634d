// What a user of the packages gets: packs each one, looks at what is in it, installs all of them in a
// fresh project and loads every entry from ESM, CommonJS and TypeScript, on this Node and on the lowest
// ones that the packages promise. Run: npm run check:publish
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installNode, isAtLeast, lowestNode } from './publish/nodes.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const tools = join(root, 'node_modules');

/** Files that a user needs. A package's JSON Schemas count where its `exports` name them. */
const needed = [
  /^package\.json$/,
  /^README\.md$/,
  /^(dist\/cli\/)?(LICENSE|NOTICE)$/,
  // Pictures of the README.
  /^docs\/[\w-]+\.(svg|png)$/,
  // What a Prometheus loads as it lies.
  /^alerts\.yml$/,
  /^CHANGELOG\.md$/,
  /^bin\/[\w-]+\.js$/,
  /^dist\/[\w/.-]+\.(js|cjs|d\.ts|d\.cts)(\.map)?$/,
];
const required = ['package.json', 'README.md', 'LICENSE'];

/**
 * @typedef {{ name: string, version: string, exports: Record<string, unknown>, engines: { node: string }, bin?: Record<string, string> }} Manifest
 * @typedef {{ folder: string, manifest: Manifest }} Package
 */

const exec = promisify(execFile);

/**
 * @param {readonly string[]} args program's file and arguments
 * @param {string} cwd
 * @param {string} program a Node; this one where none is named
 */
const node = async (args, cwd, program = process.execPath) => {
  try {
    return (await exec(program, args, { cwd, maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (
      error
    );
    throw new Error(`${stdout}${stderr}`.trim() || String(error));
  }
};

/** npm, as started by `npm run`. @param {readonly string[]} args @param {string} cwd */
const npm = (args, cwd) => {
  const cli = process.env['npm_execpath'];
  if (cli === undefined) throw new Error('start this with: npm run check:publish');
  return node([cli, ...args], cwd);
};

let passed = 0;
let failed = 0;

/** @param {string} name @param {() => Promise<unknown>} work */
const check = async (name, work) => {
  try {
    await work();
    passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    console.log(`failed  ${name}\n${error instanceof Error ? error.message : error}`);
  }
};

/** @returns {Promise<Package[]>} */
const readPackages = async () => {
  const folders = (await readdir(join(root, 'packages')))
    .sort()
    .map((each) => join(root, 'packages', each));
  return Promise.all(
    folders.map(async (folder) => ({
      folder,
      manifest: JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')),
    })),
  );
};

/** Every file that `exports` leads to, from the package's folder. @param {unknown} entry @returns {string[]} */
const exportedFiles = (entry) =>
  typeof entry === 'string'
    ? [entry.replace(/^\.\//, '')]
    : Object.entries(/** @type {Record<string, unknown>} */ (entry))
        // Only this repository resolves its own sources, by this condition.
        .filter(([condition]) => condition !== '@dhash/source')
        .flatMap(([, inner]) => exportedFiles(inner));

/** What users import: `@dhash/x`, `@dhash/x/config`. @param {Package} of */
const codeEntries = ({ manifest }) =>
  Object.keys(manifest.exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => manifest.name + subpath.slice(1));

/** @param {Package} of @param {readonly string[]} files */
const checkContent = ({ manifest }, files) => {
  const exported = exportedFiles(manifest.exports);
  const bins = Object.values(manifest.bin ?? {}).map((file) => file.replace(/^\.\//, ''));
  const missing = [...required, ...exported, ...bins].filter((file) => !files.includes(file));
  const surplus = files.filter(
    (file) => !needed.some((pattern) => pattern.test(file)) && !exported.includes(file),
  );
  const problems = [
    ...missing.map((file) => `  missing: ${file}`),
    ...surplus.map((file) => `  not needed by a user: ${file}`),
  ];
  if (problems.length > 0) throw new Error(problems.join('\n'));
};

/**
 * @param {Package} of
 * @param {string} into
 * @returns {Promise<{ tarball: string, files: string[] }>}
 */
const pack = async (of, into) => {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', into];
  /** @type {{ filename: string, files: { path: string }[] }[]} */
  const [report] = JSON.parse(await npm(args, of.folder));
  if (report === undefined) throw new Error(`npm pack of ${of.manifest.name} reports nothing`);
  return { tarball: join(into, report.filename), files: report.files.map(({ path }) => path) };
};

/** Does not compile where an entry has no types. @param {string[]} entries */
const typedImports = (entries) =>
  [
    'type IsAny<T> = 0 extends 1 & T ? true : false;',
    ...entries.map(
      (entry, i) =>
        `import * as e${i} from '${entry}';\nexport const any${i}: IsAny<typeof e${i}> = false;`,
    ),
  ].join('\n');

const tsconfig = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: 'es2023',
    module: 'nodenext',
    // The packages' own declarations are checked by are-the-types-wrong and by their builds; those
    // of their dependencies are not ours to check.
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(tools, '@types')],
  },
  files: ['esm.mts', 'cjs.cts'],
};

const work = await mkdtemp(join(tmpdir(), 'check-publish-'));
try {
  const packages = await readPackages();
  /** @type {string[]} */
  const tarballs = [];
  for (const each of packages) {
    const { name } = each.manifest;
    const { tarball, files } = await pack(each, work);
    tarballs.push(tarball);
    await check(`${name}: holds what a user needs and nothing else`, async () =>
      checkContent(each, files),
    );
    await check(`${name}: publint`, () =>
      node([join(tools, 'publint/src/cli.js'), '--strict'], each.folder),
    );
    // node16: resolution of before `exports` finds no subpath, and no Node that we support uses it.
    await check(`${name}: are the types wrong`, () =>
      node(
        [join(tools, '@arethetypeswrong/cli/dist/index.js'), '--profile', 'node16', tarball],
        each.folder,
      ),
    );
  }
  const project = join(work, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "name": "a-user", "private": true }');
  await check('a fresh project installs them', () =>
    npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], project),
  );
  for (const program of ['load-entry', 'judge'])
    await copyFile(join(root, `scripts/publish/${program}.js`), join(project, `${program}.mjs`));
  /** @type {{ version: string, file: string }[]} */
  const nodes = [{ version: process.versions.node, file: process.execPath }];
  for (const version of new Set(packages.map(({ manifest }) => lowestNode(manifest.engines.node))))
    await check(`Node ${version} is there`, async () => {
      const file = await installNode(version, join(work, `node-${version}`), npm);
      nodes.push({ version, file });
    });
  for (const { version, file } of nodes) {
    for (const each of packages) {
      if (!isAtLeast(version, lowestNode(each.manifest.engines.node))) continue;
      for (const entry of codeEntries(each))
        await check(`${entry} on Node ${version}: the same by import and by require`, () =>
          node(['load-entry.mjs', entry], project, file),
        );
    }
    await check(`@dhash/quality-gates on Node ${version}: judges a release`, () =>
      node(['judge.mjs'], project, file),
    );
  }
  const entries = packages.flatMap(codeEntries);
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
  await writeFile(join(project, 'esm.mts'), typedImports(entries));
  await writeFile(join(project, 'cjs.cts'), typedImports(entries));
  await check('TypeScript finds the types of each, from ESM and from CommonJS', () =>
    node([join(tools, 'typescript/bin/tsc'), '-p', 'tsconfig.json', '--pretty', 'false'], project),
  );
  for (const { manifest } of packages)
    for (const [bin, file] of Object.entries(manifest.bin ?? {}))
      await check(`${manifest.name}: ${bin} --version`, async () => {
        const said = await node([join('node_modules', manifest.name, file), '--version'], project);
        if (said.trim() !== manifest.version)
          throw new Error(`expected ${manifest.version}, got ${said}`);
      });
} finally {
  await rm(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
