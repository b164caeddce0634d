// The rehearsal of a rollout before a merge: `npm run premerge` deploys the oldest release, backs it up,
// and plans, checks and watches the newest on it, with the operators' commands. Leaves what a reviewer
// looks at in premerge_artifacts/, and PR_BODY.md filled from what really happened.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { ciConfig, ciGates } from './premerge/ci-config.js';
import { fillPrBody } from './premerge/fill-pr-body.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const bundle = join(root, 'premerge_artifacts');
const place = join(root, 'var/premerge');
const bin = join(root, 'packages/rollout/bin/dhash-rollout.js');

/** What an operator's shell may say of the real service, its address and its data, gives way. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DHASH_'))),
  DHASH_DATA: place,
};

/** @param {string} path from the root */
const readText = (path) => readFile(join(root, path), 'utf8');

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
};

/**
 * Runs a program to its end; what it says goes to the terminal and into `log`.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, log: string, variables?: NodeJS.ProcessEnv, shell?: boolean }} options
 * @returns {Promise<number>} exit code, as a shell has it
 */
const runLogged = async (program, args, { cwd, log, variables = {}, shell = false }) => {
  const child = spawn(program, args, {
    cwd,
    env: { ...env, ...variables },
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  /** @type {Buffer[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said.push(chunk);
      process.stdout.write(chunk);
    });
  const closed = once(child, 'close');
  const [code] = await once(child, 'exit');
  // A service that was started may hold the pipes open for ever.
  await Promise.race([closed, sleep(1000, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  await mkdir(dirname(log), { recursive: true });
  await writeFile(log, Buffer.concat(said));
  return code ?? 1;
};

/** @type {Record<string, import('./premerge/fill-pr-body.js').Result>} */
const results = {};

/**
 * One command of the rehearsal.
 *
 * @param {string} id its name in templates/PR_BODY.md
 * @param {...string} args
 */
const rehearse = async (id, ...args) => {
  const command = `dhash-rollout ${args.join(' ')}`;
  process.stdout.write(`\n--- ${command}\n`);
  const started = performance.now();
  const all = [bin, ...args, '--config', join(bundle, 'rollout.yaml')];
  const log = join(bundle, 'output', `${id}.log`);
  const exit = await runLogged(process.execPath, all, { cwd: bundle, log });
  results[id] = { command, exit, ms: performance.now() - started };
};

/** Names in a folder, by number where they have one; none where there is no folder. @param {string} folder */
const namesIn = async (folder) =>
  existsSync(folder)
    ? (await readdir(folder)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    : [];

/** Stops what an earlier or this rehearsal started. @param {string} url */
const stopService = async (url) => {
  const current = join(place, 'app/current');
  if (!existsSync(current)) return;
  const { target } = parse(await readText('rollout.yaml')).environments.production;
  const variables = { ROLLOUT_ENV: 'ci', ROLLOUT_URL: url };
  const log = join(place, 'stop.log');
  await runLogged(target.stop, [], { cwd: current, log, variables, shell: true });
};

const [oldest, ...newer] = await namesIn(join(root, 'dist/releases'));
const newest = newer.at(-1);
if (oldest === undefined || newest === undefined) {
  console.error('error: dist/releases holds fewer than two releases; run: npm run build');
  process.exit(2);
}

const url = `http://127.0.0.1:${await freePort()}`;
await stopService(url);
await rm(bundle, { recursive: true, force: true });
await rm(place, { recursive: true, force: true });
await mkdir(bundle, { recursive: true });

const config = ciConfig(parse(await readText('rollout.yaml')), url);
const gates = ciGates(JSON.parse(await readText('quality-gates-config.json')));
await writeFile(join(bundle, 'rollout.yaml'), stringify(config));
const templates = join(root, 'templates/notifications');
if (existsSync(templates))
  await cp(templates, join(bundle, 'templates/notifications'), { recursive: true });
await writeFile(join(bundle, 'quality-gates-config.json'), `${JSON.stringify(gates, null, 2)}\n`);

try {
  const ci = ['--env', 'ci'];
  await rehearse('gates', 'gates', 'check', ...ci);
  await rehearse('deploy', 'deploy', ...ci, '--version', oldest);
  await rehearse('promote', 'promote', ...ci, '--now', '--reason', 'pre-merge rehearsal');
  await rehearse('backup', 'backup', ...ci, '--tag', 'premerge');
  const backup = (await namesIn(join(bundle, 'backups'))).findLast((name) => name.endsWith('.zip'));
  await rehearse('verify', 'backup', '--verify', join('backups', backup ?? 'none'));
  await rehearse(
    'deploy-dryrun',
    'deploy',
    ...ci,
    '--version',
    newest,
    '--backup-first',
    '--dry-run',
  );
  await rehearse('migrate-dryrun', 'migrate', ...ci, '--dry-run', '--version', newest);
  await rehearse('smoke', 'smoke', ...ci);
  await rehearse('monitor-dryrun', 'monitor', ...ci, '--dry-run');
  await rehearse('message', 'notify', 'phase', ...ci, '--phase', 't-30', '--dry-run');
  await rehearse('logging', 'validate-logging', ...ci);
} finally {
  await stopService(url);
}

const facts = {
  commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
  platform: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
  at: new Date().toISOString(),
  oldest,
  newest,
};
const body = fillPrBody(await readText('templates/PR_BODY.md'), { results, facts });
await writeFile(join(bundle, 'PR_BODY.md'), body);

const broken = Object.values(results).filter(({ exit }) => exit !== 0);
for (const { command, exit } of broken) console.log(`exit ${exit}: ${command}`);
console.log(
  `\npremerge_artifacts/PR_BODY.md: ${Object.keys(results).length - broken.length} of ${Object.keys(results).length} commands exited 0`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
