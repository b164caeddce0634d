import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { isRightMissing, missingRight, missingRightOf } from '../src/missing-right.ts';

const script = fileURLToPath(new URL('./support/use-path.ts', import.meta.url));
const [program = '', ...as] = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
const mayBeAnother =
  process.getuid?.() === 0 && spawnSync(program, [...as, 'test', '-r', script]).status === 0;

/** What the user nobody is told where it does something with a path. */
const told = (doing: string, path: string): string => {
  const node = [process.execPath, '--experimental-strip-types', '--no-warnings', script];
  return spawnSync(program, [...as, ...node, doing, path], { encoding: 'utf8' }).stdout.trim();
};

it.runIf(mayBeAnother)('names the right, the place and its owner', async () => {
  const root = await tempFolder();
  await chmod(root, 0o755);
  await mkdir(join(root, 'closed', 'inner'), { recursive: true });
  await chmod(join(root, 'closed'), 0o700);
  await mkdir(join(root, 'open'));
  await writeFile(join(root, 'open', 'secret'), '', { mode: 0o600 });
  await writeFile(join(root, 'open', 'shown'), '', { mode: 0o644 });
  const nobody = 'nobody (uid 65534) may not';
  for (const [doing, path, expected] of [
    ['list', 'closed', `read ${root}/closed: it belongs to root, rwx------`],
    ['read', 'closed/inner/file', `enter ${root}/closed: it belongs to root, rwx------`],
    ['read', 'open/secret', `read ${root}/open/secret: it belongs to root, rw-------`],
    ['write', 'open/shown', `write ${root}/open/shown: it belongs to root, rw-r--r--`],
    ['make', 'open/a/b', `write into ${root}/open: it belongs to root, rwxr-xr-x`],
    ['remove', 'open/shown', `write ${root}/open/shown: it belongs to root, rw-r--r--`],
  ] as const)
    expect(told(doing, join(root, path)), `${doing} ${path}`).toBe(`${nobody} ${expected}`);
});

it('says nothing of other errors, nor of those that are no file system', () => {
  const error = (code: string, syscall: string, path?: string) =>
    Object.assign(new Error(code), { code, syscall, ...(path === undefined ? {} : { path }) });
  expect(missingRightOf(error('ENOENT', 'open', '/x'))).toBeNull();
  expect(missingRightOf(error('EACCES', 'spawn ls', '/bin/ls'))).toBeNull();
  expect(missingRightOf(error('EACCES', 'connect'))).toBeNull();
  expect(missingRightOf('EACCES')).toBeNull();
  expect(isRightMissing(error('EROFS', 'mkdir', '/x'))).toBe(true);
  expect(missingRight('/', 'read')).toMatch(/ may not read \/$/);
});
