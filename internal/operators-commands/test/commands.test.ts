import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { callOf, start, stubCheckout } from './stub-checkout.ts';

const posix = process.platform !== 'win32';

const commands: { script: string; command: string[] }[] = [
  { script: 'deploy_dhash.sh', command: ['deploy'] },
  { script: 'migrate_dhash.sh', command: ['migrate'] },
  { script: 'backup_dhash.sh', command: ['backup'] },
  { script: 'rollback_dhash.sh', command: ['rollback'] },
  { script: 'restore_dhash.sh', command: ['restore'] },
  { script: 'smoke_tests.sh', command: ['smoke'] },
  { script: 'monitor_dhash.js', command: ['monitor'] },
  { script: 'notify.js', command: ['notify', 'send'] },
  { script: 'deploy/deploy-notify.js', command: ['notify', 'phase'] },
  { script: 'validate_logging.js', command: ['validate-logging'] },
].filter(({ script }) => posix || script.endsWith('.js'));

/** The .sh files run by their own first line, the .js files as operators type them: `node …`. */
const run = (root: string, script: string, args: readonly string[], cwd = root) =>
  script.endsWith('.sh')
    ? start(join(root, 'scripts', script), args, cwd).ended
    : start(process.execPath, [join(root, 'scripts', script), ...args], cwd).ended;

describe.each(commands)('scripts/$script', ({ script, command }) => {
  it('runs its sub-command with the arguments as given, and mirrors the exit code', async () => {
    const { root } = await stubCheckout();
    await writeFile(join(root, 'rollout.yaml'), '');
    const ended = await run(root, script, ['--reason', 'two words', '', '*', 'exit-7']);
    expect(ended.stderr).toBe('');
    expect(ended.exit).toBe(7);
    expect(callOf(ended.stdout)).toMatchObject({
      args: [...command, '--reason', 'two words', '', '*', 'exit-7'],
      cwd: root,
    });
  });

  it('says what to run where nothing is built', async () => {
    const { root } = await stubCheckout({ dependencies: 'installed', library: 'missing' });
    const ended = await run(root, script, []);
    expect(ended.stderr).toBe('error: the packages are not built; run: npm run build\n');
    expect(ended.exit).toBe(2);
  });

  it('says what to run where nothing is installed', async () => {
    const { root } = await stubCheckout({ dependencies: 'missing', library: 'missing' });
    const ended = await run(root, script, []);
    expect(ended.stderr).toBe('error: the dependencies are not installed; run: npm ci\n');
    expect(ended.exit).toBe(2);
  });
});

describe('the configuration that is meant', () => {
  const script = 'validate_logging.js';

  it.each([
    { name: 'the checkout’s own, called from elsewhere', here: false, args: [], own: true },
    { name: 'the one of the current folder, where there is one', here: true, args: [], own: false },
    { name: 'the one named by --config FILE', here: false, args: ['--config', 'x'], own: false },
    { name: 'the one named by --config=FILE', here: false, args: ['--config=x'], own: false },
  ])('is $name', async ({ here, args, own }) => {
    const { root } = await stubCheckout();
    const elsewhere = await tempFolder();
    if (here) await writeFile(join(elsewhere, 'rollout.yaml'), '');
    const ended = await run(root, script, args, elsewhere);
    expect(callOf(ended.stdout)).toMatchObject({
      args: ['validate-logging', ...(own ? ['--config', join(root, 'rollout.yaml')] : []), ...args],
      cwd: elsewhere,
    });
  });

  it.runIf(posix)('is found through a symbolic link to a wrapper', async () => {
    const { root } = await stubCheckout();
    const bin = join(await tempFolder(), 'a folder');
    await mkdir(bin);
    await symlink(join(root, 'scripts/deploy_dhash.sh'), join(bin, 'deploy'));
    const ended = await start(join(bin, 'deploy'), ['--dry-run'], bin).ended;
    expect(ended.stderr).toBe('');
    expect(callOf(ended.stdout).args).toEqual([
      'deploy',
      '--config',
      join(root, 'rollout.yaml'),
      '--dry-run',
    ]);
  });
});
