import { execFileSync, spawnSync } from 'node:child_process';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tempFolder } from '@dhash/testkit';

/** What the root has in it: all of busybox, or dash with the tools of this machine. */
export type BareKind = 'busybox' | 'dash and coreutils';

/** What a rescue script uses beside a shell and unzip. */
export const RESCUE_TOOLS = [
  ...['awk', 'basename', 'cat', 'chmod', 'chown', 'cut', 'date', 'df', 'dirname', 'du', 'find'],
  ...['grep', 'ls', 'ln', 'mkdir', 'mv', 'printf', 'readlink', 'rm', 'sed', 'sha256sum', 'sleep'],
  ...['sort', 'stat', 'sync', 'tail', 'touch', 'tr', 'uniq', 'wc'],
];

const where = (tool: string): string =>
  execFileSync('sh', ['-c', `command -v -- "$0"`, tool], { encoding: 'utf8' }).trim();

/** A program and the libraries that it is linked with. */
const install = async (root: string, program: string, name: string): Promise<void> => {
  await copyFile(program, join(root, 'bin', name));
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  for (const [library] of stdout.matchAll(/\/\S+/g)) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await copyFile(library, join(root, library));
  }
};

/** A root folder without Node: what `run` starts in it sees nothing of this machine but `more` of its programs. */
export const bareRoot = async (kind: BareKind, more: readonly string[] = []) => {
  const root = await tempFolder();
  for (const folder of ['bin', 'tmp', 'dev']) await mkdir(join(root, folder));
  if (kind === 'busybox') {
    await install(root, where('busybox'), 'busybox');
    for (const tool of ['sh', 'unzip', ...RESCUE_TOOLS])
      await symlink('busybox', join(root, 'bin', tool));
  } else {
    await install(root, where('dash'), 'sh');
    for (const tool of ['unzip', ...RESCUE_TOOLS.filter((tool) => tool !== 'printf')])
      await install(root, where(tool), tool);
  }
  for (const tool of more) await install(root, where(tool), tool);
  return {
    root,
    run: (args: readonly string[], input = '', environment: NodeJS.ProcessEnv = {}) =>
      spawnSync('unshare', ['--map-root-user', `--root=${root}`, '/bin/sh', ...args], {
        encoding: 'utf8',
        input,
        env: { PATH: '/bin', ...environment },
        timeout: 60_000,
      }),
  };
};
