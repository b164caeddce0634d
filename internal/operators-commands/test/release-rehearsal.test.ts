import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startNpmRegistry, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';

const exec = promisify(execFile);
const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Most that a user of the command line gets, packages of others included. */
const most = { packages: 40, megabytes: 45 };

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** This checkout as it is, with what is built, as a repository of its own. */
const copyOfCheckout = async (): Promise<string> => {
  const root = await tempFolder();
  const { stdout } = await exec('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: repository,
  });
  const wanted =
    /^(package(-lock)?\.json|\.changeset\/|packages\/[^/]+\/(package\.json|README\.md|LICENSE|schema\.json|bin\/)|(internal|examples)\/[^/]+\/package\.json)/;
  for (const path of stdout.split('\n').filter((each) => wanted.test(each)))
    await cp(join(repository, path), join(root, path));
  for (const name of await readdir(join(repository, 'packages')))
    await cp(join(repository, 'packages', name, 'dist'), join(root, 'packages', name, 'dist'), {
      recursive: true,
    });
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
  await writeFile(join(root, '.gitignore'), 'node_modules\ndist\n');
  return root;
};

const manifests = async (root: string): Promise<Manifest[]> =>
  Promise.all(
    (await readdir(join(root, 'packages'))).map(
      async (name) =>
        JSON.parse(
          await readFile(join(root, 'packages', name, 'package.json'), 'utf8'),
        ) as Manifest,
    ),
  );

const named = (all: readonly Manifest[]) =>
  all.map(({ name, version }) => `${name}@${version}`).sort();

/** Ranges on packages of ours that don't let their newest version in. */
const staleRanges = (all: readonly Manifest[]): string[] =>
  all.flatMap(({ name, dependencies = {} }) =>
    all.flatMap((other) => {
      const range = dependencies[other.name];
      return range === undefined || range === `^${other.version}`
        ? []
        : [`${name}: ${other.name} ${range}`];
    }),
  );

it('a release: versions, a publish that is cut off and done again, one package changed, an install', {
  timeout: 600_000,
}, async () => {
  const root = await copyOfCheckout();
  const registry = await startNpmRegistry('@dhash');
  const { npm_config_local_prefix: _, ...outer } = process.env;
  const env = { ...outer, ...registry.env, CI: 'true', NO_COLOR: '1' };
  const git = (...args: string[]) =>
    exec('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: root });
  const commit = async (what: string) => {
    await git('add', '-A');
    await git('commit', '-q', '-m', what);
  };
  const changeset = (...args: string[]) =>
    exec(process.execPath, [join(root, 'node_modules/@changesets/cli/bin.js'), ...args], {
      cwd: root,
      // Asked of the registry before each publish: is this version there already?
      env: { ...env, npm_config_registry: registry.url },
    });
  await git('init', '-q', '-b', 'main');
  await commit('as it is');

  await changeset('version');
  await commit('version packages');
  const first = await manifests(root);
  expect(first).toHaveLength(7);
  expect(staleRanges(first)).toEqual([]);
  for (const { name, version } of first) {
    const changes = await readFile(
      join(root, 'packages', name.split('/')[1] ?? '', 'CHANGELOG.md'),
      'utf8',
    );
    expect(changes).toContain(`## ${version}`);
  }

  registry.failFrom(3);
  await expect(changeset('publish')).rejects.toThrow();
  expect(registry.published).toHaveLength(3);
  registry.failFrom(null);
  await changeset('publish');
  expect([...registry.published].sort()).toEqual(named(first));

  // Below 1.0 a minor is out of every caret range: whoever depends on it goes out again, with a range that lets it in.
  const before = registry.published.length;
  await writeFile(
    join(root, '.changeset/one.md'),
    '---\n"@dhash/journal": minor\n---\n\nSomething new.\n',
  );
  await changeset('version');
  await commit('one package');
  await changeset('publish');
  const second = await manifests(root);
  expect(staleRanges(second)).toEqual([]);
  const fresh = registry.published.slice(before).map((each) => each.replace(/@[^@]*$/, ''));
  expect(fresh.sort()).toEqual(['@dhash/journal', '@dhash/rollback', '@dhash/rollout']);

  const user = await tempFolder();
  await mkdir(join(user, 'home'));
  await writeFile(join(user, 'package.json'), '{ "private": true }');
  await exec('npm', ['install', '@dhash/rollout'], { cwd: user, env });
  const run = (...args: string[]) => exec(process.execPath, args, { cwd: user, env });
  const names = second.map(({ name }) => name);
  await run('--input-type=module', '-e', names.map((name) => `import '${name}';`).join('\n'));
  await run('-e', names.map((name) => `require('${name}');`).join('\n'));
  // What it prints is its version when it was built; a release builds after it versioned.
  await run('node_modules/@dhash/rollout/bin/dhash-rollout.js', '--version');
  const installed = JSON.parse(
    await readFile(join(user, 'node_modules/@dhash/rollout/package.json'), 'utf8'),
  ) as Manifest;
  expect(installed.version).toBe(second.find(({ name }) => name === installed.name)?.version);

  const lock = JSON.parse(await readFile(join(user, 'package-lock.json'), 'utf8')) as {
    packages: object;
  };
  const packages = Object.keys(lock.packages).length - 1;
  const { stdout: size } = await exec('du', ['-sk', 'node_modules'], { cwd: user });
  const megabytes = Math.round(Number.parseInt(size, 10) / 102.4) / 10;
  process.stdout.write(`an install of @dhash/rollout: ${packages} packages, ${megabytes} MB\n`);
  expect(packages).toBeLessThanOrEqual(most.packages);
  expect(megabytes).toBeLessThanOrEqual(most.megabytes);
});
