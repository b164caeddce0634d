import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { makeTempFolder } from '@dhash/testkit';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import config from '../../rolldown.config.ts';

const run = promisify(execFile);

/** Prints on stderr, at the end, what was loaded from files. */
const listLoaded = `
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
const files = [];
registerHooks({
  load: (url, context, next) => {
    if (url.startsWith('file:')) files.push(url);
    return next(url, context);
  },
});
process.on('exit', () => writeSync(2, '\\nloaded ' + JSON.stringify(files)));
`;

const rolloutYaml = `
service: demo
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health, timeout: 1s }
    target: { type: releases, root: app, artifact: "dist/{version}", start: ./start.sh, stop: ./stop.sh }
    rollback: { data: keep }
`;

let folder: string;

beforeAll(async () => {
  const made = await makeTempFolder();
  folder = made.path;
  // Far from any node_modules: what it needs is in it.
  const bundle = await rolldown(config);
  await bundle.write({ ...config.output, dir: join(folder, 'cli') });
  await bundle.close();
  await mkdir(join(folder, 'project/app'), { recursive: true });
  const put = (name: string, text: string) => writeFile(join(folder, name), text);
  await put('package.json', '{ "type": "module" }');
  await put('list-loaded.js', listLoaded);
  await put(
    'start.js',
    "import { asProcess, main } from './cli/main.js'; await asProcess(() => main(process.argv.slice(2)));",
  );
  await put('project/rollout.yaml', rolloutYaml);
  await put('project/gates.json', '{ "environments": { "production": { "gates": {} } } }');
  return made.remove;
}, 120_000);

const loadedBy = async (args: readonly string[]): Promise<string[]> => {
  const { stderr } = await run(
    process.execPath,
    ['--import', join(folder, 'list-loaded.js'), join(folder, 'start.js'), ...args],
    { cwd: join(folder, 'project') },
  ).catch((error: { stderr: string }) => error);
  const listed: unknown = JSON.parse(stderr.slice(stderr.lastIndexOf('\nloaded ') + 8));
  return (listed as string[]).map((url) => basename(url)).filter((name) => name !== 'start.js');
};

/** What only some commands need, and is much to load. */
const heavy = ['nodemailer.js', 'unpack-artifact.js', 'uplot-asset.js', 'distribution.js'];

describe('the files that a command loads', { timeout: 60_000 }, () => {
  it.each([
    { args: ['--version'], atMost: 10 },
    { args: ['--help'], atMost: 10 },
    { args: ['history'], atMost: 44 },
    { args: ['gates', 'check'], atMost: 42 },
    { args: ['notify', 'send', '--message', 'x', '--dry-run'], atMost: 46 },
    { args: ['backup', '--env', 'production', '--list'], atMost: 64 },
    { args: ['deploy', '--env', 'production', '--dry-run'], atMost: 100 },
  ])('$args: at most $atMost', async ({ args, atMost }) => {
    const loaded = await loadedBy(args);
    expect(loaded.length, loaded.join(' ')).toBeLessThanOrEqual(atMost);
    if (args[0] !== 'deploy') expect(heavy.filter((name) => loaded.includes(name))).toEqual([]);
  });

  it('a command that may guard a service loads beforehand what it may need hours later', async () => {
    const loaded = await loadedBy(['rollback', '--env', 'production', '--data-only']);
    expect(loaded).toContain('unpack-artifact.js');
  });
});
