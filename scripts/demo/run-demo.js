// @ts-check
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runShown } from './command.js';
import { makeDemoProject } from './project.js';
import { startReceivers } from './receivers.js';

const repo = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const service = join(repo, 'examples', 'dhash-service');
const config = 'var/demo/rollout.yaml';

/** Pictures a second that the load generator sends. */
const rate = 10;

/** @param {string} output of a command run with --json @returns {any} its result line */
const resultLine = (output) => JSON.parse(output.trimEnd().split('\n').at(-1) ?? '{}');

/** @param {string} text */
const heading = (text) =>
  process.stdout.write(`\n━━ ${text} ${'━'.repeat(Math.max(0, 90 - text.length))}\n`);

/**
 * The steps of the rollback that its record holds, in their order.
 * @param {string} folder @param {string} run
 */
const rollbackSteps = async (folder, run) => {
  const lines = (await readFile(join(folder, 'rollouts', run, 'journal.ndjson'), 'utf8'))
    .trimEnd()
    .split('\n');
  const events = lines.map((line) => JSON.parse(line));
  const from = events.findIndex(({ type }) => type === 'rollback.started');
  return from < 0 ? [] : events.slice(from).filter(({ type }) => type === 'step.done');
};

/** @returns {Promise<number>} 0 only if everything was seen to happen */
export const runDemo = async () => {
  const startedMs = Date.now();
  /** @type {[boolean, string][]} */
  const seen = [];
  const saw = (/** @type {boolean} */ happened, /** @type {string} */ what) => {
    seen.push([happened, what]);
    process.stdout.write(`${happened ? '✓' : '✗ NOT SEEN:'} ${what}\n`);
  };

  heading('A project of its own under var/demo; release 1.2 is built for it');
  const { folder, url } = await makeDemoProject(repo);
  const receivers = await startReceivers();
  const env = { ...process.env, ...receivers.variables };
  const options = { cwd: repo, env };
  const shown = (/** @type {string} */ path) => relative(repo, path);
  const operate = (/** @type {string} */ script, /** @type {string[]} */ ...args) =>
    script.endsWith('.js')
      ? runShown('node', [script, ...args, '--config', config], options)
      : runShown(script, [...args, '--config', config], options);
  /** @type {import('node:child_process').ChildProcess | null} */
  let load = null;
  try {
    const built = await runShown(
      'node',
      [shown(join(service, 'build.js')), '1.2', '--out', 'var/demo/artifacts'],
      options,
    );
    saw(built.exit === 0, 'release 1.2 was built into var/demo/artifacts');

    heading('1.0: the first deploy makes the library of 300 pictures');
    const first = await operate('./scripts/deploy_dhash.sh', '--env', 'demo', '--version', '1.0');
    saw(first.exit === 0, 'release 1.0 is live: the first deploy made the library');
    await operate(
      './packages/rollout/bin/dhash-rollout.js',
      'promote',
      '--env',
      'demo',
      '--now',
      '--reason',
      'first release',
    );

    heading(`Load: ${rate} real pictures a second from here on`);
    load = spawn(
      'node',
      [
        join(service, 'load.js'),
        '--url',
        url,
        '--rate',
        String(rate),
        '--folder',
        join(folder, 'images'),
      ],
      { cwd: repo, env, stdio: 'ignore' },
    );

    heading('1.1: backup, migration, a watch of a minute, promotion');
    const good = await operate(
      './scripts/deploy_dhash.sh',
      '--env',
      'demo',
      '--version',
      '1.1',
      '--backup-first',
    );
    const drilled = /✓ drill .* started and tested on it, in ([\d.]+ s)/.exec(good.output);
    saw(
      drilled !== null,
      `before anything stopped, its backup was restored, and release 1.0 started and tested on it, in ${drilled?.[1]}`,
    );
    saw(good.exit === 0, 'release 1.1 was backed up, migrated and activated');
    const promoted = await operate('scripts/monitor_dhash.js', '--env', 'demo');
    saw(promoted.exit === 0, 'release 1.1 held every gate for a minute and was promoted');

    heading('1.2: passes its smoke tests, and fails its users');
    const bad = await operate(
      './scripts/deploy_dhash.sh',
      '--env',
      'demo',
      '--version',
      '1.2',
      '--backup-first',
    );
    saw(bad.exit === 0, 'release 1.2 passed health and smoke');
    const watched = await operate('scripts/monitor_dhash.js', '--env', 'demo');
    saw(
      watched.exit === 4,
      'gates broke on what the service really answered; release and data were rolled back',
    );
    saw(/gate \w+ broke/.test(watched.output), 'the broken gates were named with their values');

    heading('What the record holds');
    const status = resultLine(
      (
        await operate(
          './packages/rollout/bin/dhash-rollout.js',
          'status',
          '--env',
          'demo',
          '--json',
        )
      ).output,
    );
    const run = String(status.run);
    saw(
      status.status === 'rolled back' && status.release === '1.1',
      'the active release is 1.1 again',
    );
    const steps = await rollbackSteps(folder, run);
    const names = steps.map(({ step }) => step);
    const prove = steps.find(({ step }) => step === 'prove');
    saw(
      names.includes('prove') && names.indexOf('prove') < names.indexOf('start'),
      `before the service started again its data was proved equal to the backup: ${JSON.stringify(prove?.data ?? null)}`,
    );
    saw(
      names.includes('health') && names.includes('smoke'),
      'validated: 3 healthy answers in a row, and the smoke tests',
    );
    /** @type {any} */
    const health = await (await fetch(`${url}/health`)).json();
    saw(
      health.status === 'OK' && health.version === '1.1',
      `the service says ${JSON.stringify(health)}`,
    );
    const verified = await operate(
      './packages/rollout/bin/dhash-rollout.js',
      'journal',
      'verify',
      run,
    );
    saw(verified.exit === 0, 'the hash chain of the record holds');
    const backup = join('var/demo', String(status.newest?.backup ?? ''));
    const sums = await runShown('sha256sum', ['-c', `${relative('var/demo', backup)}.sha256`], {
      cwd: folder,
      env,
    });
    saw(sums.exit === 0, 'sha256sum agrees with the backup’s sidecar');
    const incident = join(folder, 'incidents', run);
    saw(
      existsSync(incident) && (await readdir(incident)).length > 0,
      `the incident is in ${shown(incident)}`,
    );
    const report = join(folder, 'monitor_logs', run, 'report.html');
    saw(existsSync(report), `the report is ${shown(report)}`);
    saw(
      receivers.hooks.length > 0 && receivers.mails.length > 0,
      `${receivers.hooks.length} webhook messages and ${receivers.mails.length} mails were delivered`,
    );
  } finally {
    load?.kill('SIGTERM');
    const stop = join(folder, 'app', 'current', 'stop.sh');
    if (existsSync(stop))
      await runShown('./stop.sh', [], {
        cwd: dirname(stop),
        env: { ...env, ROLLOUT_ENV: 'demo', ROLLOUT_URL: url },
      });
    await receivers.close();
  }

  heading('Summary');
  for (const [happened, what] of seen)
    process.stdout.write(`${happened ? '✓' : '✗ NOT SEEN:'} ${what}\n`);
  const failed = seen.filter(([happened]) => !happened).length;
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  process.stdout.write(
    `\n${failed === 0 ? 'All of it was seen to happen' : `${failed} of ${seen.length} were not seen`}, in ${seconds} s.\n`,
  );
  return failed === 0 ? 0 : 1;
};
