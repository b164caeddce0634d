import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { start, stubCheckout } from './stub-checkout.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Notes each call, leaves a backup as the real one does, and fails where it is told to. */
const stubLibrary = (failing: string) => `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
export const asProcess = async (work) => {
  process.exitCode = await work();
};
export const main = async (args) => {
  console.log('said by ' + args.join(' '));
  if (args.includes('--tag')) {
    mkdirSync('backups', { recursive: true });
    writeFileSync('backups/dhash_20260101T000000Z_ci_premerge.zip', '');
  }
  return args[0] === '${failing}' ? 1 : 0;
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
  await put('packages/rollout/dist/index.js', stubLibrary(failing));
  await put('rollout.yaml', rolloutYaml);
  await put('quality-gates-config.json', '{ "environments": { "production": {} } }');
  for (const release of releases) await put(`dist/releases/${release}/start.sh`, '');
  await cp(join(repository, 'templates/PR_BODY.md'), join(root, 'templates/PR_BODY.md'));
  await symlink(join(repository, 'node_modules/yaml'), join(root, 'node_modules/yaml'), 'junction');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: root,
    });
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'A commit');
  const ended = await start(process.execPath, ['scripts/premerge.js'], root).ended;
  return { root, ended, read: (path: string) => readFile(join(root, path), 'utf8') };
};

describe('npm run premerge', () => {
  it('ticks every box where every command exits 0, and keeps what they said', async () => {
    const { ended, read } = await rehearse();
    expect(ended.stderr).toBe('');
    expect(ended.exit).toBe(0);
    const body = await read('premerge_artifacts/PR_BODY.md');
    expect(body.match(/^- \[x\]/gm)).toHaveLength(11);
    expect(body).toContain('deploy --env ci --version 1.9` → exit 0');
    expect(body).toContain('deploy --env ci --version 1.10 --backup-first --dry-run` → exit 0');
    expect(body).not.toContain('{{');
    expect(await read('premerge_artifacts/output/verify.log')).toContain(
      `said by backup --verify ${join('backups', 'dhash_20260101T000000Z_ci_premerge.zip')}`,
    );
  });

  it('leaves the box of a command that failed, goes on with the others, and exits 1', async () => {
    const { ended, read } = await rehearse('smoke');
    expect(ended.exit).toBe(1);
    const body = await read('premerge_artifacts/PR_BODY.md');
    expect(body.match(/^- \[x\]/gm)).toHaveLength(10);
    expect(body).toMatch(/^- \[ \] Smoke tests.*→ exit 1, /m);
    expect(ended.stdout).toContain('exit 1: dhash-rollout smoke --env ci\n');
    expect(ended.stdout).toContain('premerge_artifacts/PR_BODY.md: 10 of 11 commands exited 0\n');
  });

  it('says what to run where no releases are built', async () => {
    const { ended } = await rehearse('none', ['1.0']);
    expect(ended.stderr).toBe(
      'error: dist/releases holds fewer than two releases; run: npm run build\n',
    );
    expect(ended.exit).toBe(2);
  });
});
