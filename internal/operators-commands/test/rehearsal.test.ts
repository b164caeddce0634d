import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { start, stubCheckout } from './stub-checkout.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Leaves what the real one does of a backup, a run and a service, says what it was called with, and fails where it
 * is told to: at the FAILING-th call of that command.
 */
const stubLibrary = (failing: string) => `
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
export const asProcess = async (work) => {
  process.exitCode = await work();
};
const count = (name) => {
  appendFileSync('../calls-' + name, '.');
  return readFileSync('../calls-' + name).length;
};
// Says three times that all is well, and ends.
const service = (port) => \`
let left = 3;
const server = require('node:http').createServer((_, response) => {
  response.setHeader('connection', 'close');
  response.end('{"status":"OK","version":"1.10"}');
  if (--left === 0) server.close();
}).listen(\${port}, '127.0.0.1');
setTimeout(() => process.exit(), 30000).unref();\`;
export const main = async (args) => {
  console.log('said by ' + args.join(' '));
  const [name] = args;
  const calls = count(name);
  if (args.includes('--tag')) {
    mkdirSync('backups', { recursive: true });
    writeFileSync('backups/dhash_20260101T000000Z_ci_premerge.zip', '');
  }
  if (name === 'monitor' && calls === 3) {
    mkdirSync('rollouts/20260101T000000Z-ci-deploy-abcd', { recursive: true });
    const events = [{ type: 'rollback.started' }, ...['prove', 'start', 'health', 'smoke'].map((step) => ({ type: 'step.done', step }))];
    writeFileSync('rollouts/20260101T000000Z-ci-deploy-abcd/journal.ndjson', events.map((event) => JSON.stringify(event)).join('\\n') + '\\n');
    const port = /127\\.0\\.0\\.1:(\\d+)/.exec(readFileSync('rollout.yaml', 'utf8'))[1];
    spawn(process.execPath, ['-e', service(port)], { detached: true, stdio: 'ignore' }).unref();
  }
  if (args.includes('--drill') && '${failing}' === 'drill') {
    console.error('error: this machine does not let it');
    return 2;
  }
  if (name + calls === '${failing}') return 1;
  return name === 'monitor' && calls === 3 ? 4 : 0;
};
`;

const rolloutYaml = `
service: dhash
environments:
  production:
    url: http://127.0.0.1:5001
    data: [{ name: images, type: files, path: var/production/images }]
    target: { type: releases, root: var/production/app, artifact: "dist/releases/{version}", start: ./start.sh, stop: ./stop.sh }
    rollback: { data: restore }
`;

const rehearse = async (failing = 'none', releases = ['1.9', '1.10']) => {
  const { root } = await stubCheckout();
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await put('packages/rollout/dist/cli/main.js', stubLibrary(failing));
  await put('rollout.yaml', rolloutYaml);
  await put('quality-gates-config.json', '{ "environments": { "production": {} } }');
  for (const release of releases) await put(`dist/releases/${release}/start.sh`, '');
  for (const program of ['build', 'load']) await put(`examples/dhash-service/${program}.js`, '');
  await cp(join(repository, 'templates/PR_BODY.md'), join(root, 'templates/PR_BODY.md'));
  for (const name of ['yaml', 'yazl', 'buffer-crc32'])
    await symlink(
      join(repository, 'node_modules', name),
      join(root, 'node_modules', name),
      'junction',
    );
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: root,
    });
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'A commit');
  const ended = await start(process.execPath, ['scripts/premerge.js'], root).ended;
  return { root, ended, read: (path: string) => readFile(join(root, path), 'utf8') };
};

describe('npm run premerge', { timeout: 120_000 }, () => {
  it('ticks every box where every command ends as it should, and keeps what they said', async () => {
    const { root, ended, read } = await rehearse();
    expect(ended.stderr).toBe('');
    expect(ended.exit, ended.stdout).toBe(0);
    const body = await read('premerge_artifacts/PR_BODY.md');
    const [rehearsal = ''] = body.split('## Artifacts');
    expect(rehearsal.match(/^- \[x\]/gm)).toHaveLength(21);
    expect(rehearsal).not.toContain('- [ ]');
    expect(body).toContain('deploy --env ci --version 1.9` → exit 0');
    expect(body).toContain('deploy --env ci --version 1.10 --backup-first --dry-run` → exit 0');
    expect(body).toContain('monitor --env ci` → exit 4 (4 is asked for)');
    expect(body).toContain('- [x] `rollouts/`');
    expect(body).toContain('- [ ] `incidents/`');
    expect(body).not.toContain('{{');
    expect(await read('premerge_artifacts/output/verify.log')).toContain(
      `said by backup --verify ${join('backups', 'dhash_20260101T000000Z_ci_premerge.zip')}`,
    );
    expect(await read('premerge_artifacts/SHA256SUMS')).toMatch(/^[0-9a-f]{64} {2}PR_BODY\.md$/m);
    expect(JSON.parse(await read('premerge_artifacts/premerge.json')).version).toBe('1.10');
    expect(existsSync(join(root, 'premerge_artifacts.zip'))).toBe(true);
  });

  it('leaves the box of a command that failed, goes on with the others, and exits 1', async () => {
    const { ended, read } = await rehearse('smoke1');
    expect(ended.exit).toBe(1);
    const body = await read('premerge_artifacts/PR_BODY.md');
    expect(body).toMatch(/^- \[ \] Smoke tests.*→ exit 1, /m);
    expect(ended.stdout).toContain('exit 1: dhash-rollout smoke --env ci\n');
    expect(ended.stdout).toContain('PR_BODY.md: 20 of 21 commands ended as they should\n');
  });

  it('a drill that this machine does not let run is told, and is no failure', async () => {
    const { ended, read } = await rehearse('drill');
    expect(ended.exit, ended.stdout).toBe(0);
    expect(await read('premerge_artifacts/PR_BODY.md')).toMatch(
      /^- \[ \] It is restored.*; not on this machine: this machine does not let it$/m,
    );
  });

  it('says what to run where no releases are built', async () => {
    const { ended } = await rehearse('none', ['1.0']);
    expect(ended.stderr).toBe(
      'error: dist/releases holds fewer than two releases; run: npm run build\n',
    );
    expect(ended.exit).toBe(2);
  });
});
