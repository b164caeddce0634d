// The rehearsal of a rollout before a merge, `npm run premerge`: production's steps by the operators' commands, on
// made data. The oldest release is deployed, the newest is deployed over it, watched and promoted; then a bad one is
// deployed, breaks its gates and is rolled back. Leaves premerge_artifacts/ with all logs, a list of SHA-256, one
// zip of it, and PR_BODY.md filled from what really happened.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { ciConfig, ciGates } from './premerge/ci-config.js';
import { fillPrBody, isAsExpected } from './premerge/fill-pr-body.js';
import { gateTable } from './premerge/gate-defaults.js';
import { filesBelow, packBundle } from './premerge/pack-bundle.js';
import { missingOfRollback, readRecord, threeTimesOk } from './premerge/rolled-back.js';
import { runLogged } from './premerge/run-logged.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const bundle = join(root, 'premerge_artifacts');
const zip = `${bundle}.zip`;
const place = join(root, 'var/premerge');
const service = join(root, 'examples/dhash-service');
const bin = join(root, 'packages/rollout/bin/dhash-rollout.js');

/** The example's release that passes its smoke tests and fails its users. */
const bad = '1.2';
/** Pictures a second that the service is sent while it is watched. */
const rate = 8;

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

/** @type {Record<string, import('./premerge/fill-pr-body.js').Result>} */
const results = {};

/**
 * One program of the rehearsal; its box is ticked where it ends with `expected`.
 *
 * @param {string} id its name in templates/PR_BODY.md
 * @param {string} command as it is shown
 * @param {readonly string[]} args of Node
 * @param {number} expected
 */
const rehearse = async (id, command, args, expected) => {
  process.stdout.write(`\n--- ${command}\n`);
  const started = performance.now();
  const log = join(bundle, 'output', `${id}.log`);
  const { exit, said } = await runLogged(process.execPath, args, { cwd: bundle, log, env });
  results[id] = { command, exit, ms: performance.now() - started, expected };
  return { exit, said };
};

/**
 * One command of dhash-rollout.
 *
 * @param {string} id @param {readonly string[]} args @param {number} [expected]
 */
const operate = (id, args, expected = 0) =>
  rehearse(
    id,
    `dhash-rollout ${args.join(' ')}`,
    [bin, ...args, '--config', join(bundle, 'rollout.yaml')],
    expected,
  );

/** Something that is looked at here, and not by a command. @param {string} id @param {string} what @param {() => Promise<string | null>} look null: it is so */
const check = async (id, what, look) => {
  const started = performance.now();
  const wrong = await look().catch(String);
  process.stdout.write(`\n--- ${what}: ${wrong ?? 'so it is'}\n`);
  await writeFile(join(bundle, 'output', `${id}.log`), `${what}: ${wrong ?? 'so it is'}\n`);
  results[id] = { command: what, exit: wrong === null ? 0 : 1, ms: performance.now() - started };
};

/** Names in a folder, by number where they have one; none where there is no folder. @param {string} folder */
const namesIn = async (folder) =>
  existsSync(folder)
    ? (await readdir(folder)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    : [];

/** Stops what an earlier or this rehearsal started. @param {string} stop its command @param {string} url */
const stopService = async (stop, url) => {
  const current = join(place, 'app/current');
  if (!existsSync(current)) return;
  const variables = { ...env, ROLLOUT_ENV: 'ci', ROLLOUT_URL: url };
  const log = join(place, 'stop.log');
  await runLogged(stop, [], { cwd: current, log, env: variables, shell: true });
};

/** Links of the bundle, to records and samples that lie with the target, become what they lead to. */
const makeWhole = async () => {
  for (const folder of ['rollouts', 'monitor_logs'])
    for (const name of await namesIn(join(bundle, folder))) {
      const link = join(bundle, folder, name);
      if (!(await lstat(link)).isSymbolicLink()) continue;
      const target = await realpath(link);
      await rm(link);
      await cp(target, link, { recursive: true });
    }
};

const [oldest, ...newer] = await namesIn(join(root, 'dist/releases'));
const newest = newer.at(-1);
if (oldest === undefined || newest === undefined) {
  console.error('error: dist/releases holds fewer than two releases; run: npm run build');
  process.exit(2);
}

const url = `http://127.0.0.1:${await freePort()}`;
const shipped = parse(await readText('rollout.yaml'));
const shippedGates = JSON.parse(await readText('quality-gates-config.json'));
const config = ciConfig(shipped, url);
const { stop } = config.environments.ci.target;
await stopService(stop, url);
for (const old of [bundle, zip, place]) await rm(old, { recursive: true, force: true });
await mkdir(join(bundle, 'output'), { recursive: true });
for (const version of [oldest, newest])
  await cp(join(root, 'dist/releases', version), join(place, 'artifacts', version), {
    recursive: true,
  });

const writeConfig = () => writeFile(join(bundle, 'rollout.yaml'), stringify(config));
await writeConfig();
await writeFile(
  join(bundle, 'quality-gates-config.json'),
  `${JSON.stringify(ciGates(shippedGates), null, 2)}\n`,
);
const templates = join(root, 'templates/notifications');
if (existsSync(templates))
  await cp(templates, join(bundle, 'templates/notifications'), { recursive: true });

const ci = ['--env', 'ci'];
/** A watch, while the service is sent pictures. Only then: a machine may be too slow for that beside a deploy. @param {string} id @param {number} expected */
const watchUnderLoad = async (id, expected) => {
  const args = ['--url', url, '--rate', String(rate), '--folder', join(place, 'images')];
  const load = spawn(process.execPath, [join(service, 'load.js'), ...args], {
    env,
    stdio: 'ignore',
  });
  const ended = once(load, 'close');
  try {
    await operate(id, ['monitor', ...ci], expected);
  } finally {
    load.kill('SIGTERM');
    await ended;
  }
};

const because = ['--reason', 'pre-merge rehearsal'];
try {
  await operate('gates', ['gates', 'check', ...ci]);
  await operate('deploy', ['deploy', ...ci, '--version', oldest]);
  await operate('promote', ['promote', ...ci, '--now', ...because]);
  await operate('backup', ['backup', ...ci, '--tag', 'premerge']);
  const zips = await namesIn(join(bundle, 'backups'));
  const backup = join('backups', zips.findLast((name) => name.endsWith('.zip')) ?? 'none');
  await operate('verify', ['backup', '--verify', backup]);
  const drill = await operate('drill', ['backup', '--drill', backup]);
  if (drill.exit === 2 && results['drill'] !== undefined) {
    // A deploy would be refused for the same reason: from here on without a drill, and said so.
    const reason = /^error: (.*)$/m.exec(drill.said)?.[1] ?? 'a drill is refused';
    results['drill'].unable = reason;
    config.environments.ci.backup = { dir: 'backups' };
    await writeConfig();
  }
  const next = ['--version', newest, '--backup-first'];
  await operate('deploy-dryrun', ['deploy', ...ci, ...next, '--dry-run']);
  await operate('migrate-dryrun', ['migrate', ...ci, '--dry-run', '--version', newest]);
  await operate('monitor-dryrun', ['monitor', ...ci, '--dry-run']);
  await operate('message', ['notify', 'phase', ...ci, '--phase', 't-30', '--dry-run']);
  await operate('deploy-good', ['deploy', ...ci, ...next]);
  await watchUnderLoad('watch-good', 0);
  await operate('smoke', ['smoke', ...ci]);

  const out = join(place, 'artifacts');
  const build = [join(service, 'build.js'), bad, '--out', out];
  await rehearse('build-bad', `build release ${bad}, which is bad`, build, 0);
  await operate('deploy-bad', ['deploy', ...ci, '--version', bad, '--backup-first']);
  await watchUnderLoad('watch-bad', 4);
  const runs = await namesIn(join(bundle, 'rollouts'));
  const run = runs.findLast((name) => name.includes('-deploy-')) ?? 'none';
  await check('rolled-back', `the record of ${run} holds prove, start, health, smoke`, async () =>
    missingOfRollback(await readRecord(bundle, run)),
  );
  await check('three-ok', `release ${newest} says OK three times in a row`, () =>
    threeTimesOk(url, newest),
  );
  await operate('smoke-after', ['smoke', ...ci]);
  await operate('journal', ['journal', 'verify', run]);
  await operate('logging', ['validate-logging', ...ci]);
} finally {
  await stopService(stop, url);
  await makeWhole();
}

const smokeLog = join(bundle, 'postdeploy-smoketests.log');
const golden = existsSync(smokeLog)
  ? (/^ok +golden .*$/m.exec(await readFile(smokeLog, 'utf8'))?.[0] ?? 'no line "golden"')
  : 'no smoke test ran';
const files = await filesBelow(bundle);
const production = shippedGates.environments.production;
const facts = {
  commit: execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
  platform: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
  at: new Date().toISOString(),
  oldest,
  newest,
  bad,
  golden: `\`${golden.replaceAll(/ +/g, ' ')}\``,
  gates: gateTable(production),
  data: shipped.environments.production.rollback.data,
};
await writeFile(
  join(bundle, 'premerge.json'),
  `${JSON.stringify({ format: 1, ...facts, version: newest, results }, null, 2)}\n`,
);
const named = [
  ...files,
  ...files.flatMap((file) => (file.endsWith('.zip.sha256') ? ['backups/*.zip.sha256'] : [])),
  ...new Set(files.map((file) => `${file.split('/')[0]}/`)),
];
const body = fillPrBody(await readText('templates/PR_BODY.md'), { results, facts, files: named });
await writeFile(join(bundle, 'PR_BODY.md'), body);
const packed = await packBundle(bundle, zip);

const all = Object.values(results);
const broken = all.filter((result) => !isAsExpected(result) && result.unable === undefined);
for (const { command, exit } of broken) console.log(`exit ${exit}: ${command}`);
console.log(`premerge_artifacts.zip: ${packed.files} files, sha256 ${packed.sha256}`);
console.log(
  `\npremerge_artifacts/PR_BODY.md: ${all.length - broken.length} of ${all.length} commands ended as they should`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
