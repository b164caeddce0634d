import { spawnSync } from 'node:child_process';
import { chmod, chown, link, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { canPutBack, type DataSource, leavesDatabaseOut } from '../src/index.ts';
import { makeDatabase } from './support/sample.ts';

const WORKER = fileURLToPath(new URL('./support/mounted-worker.ts', import.meta.url));
/** In a user namespace of its own anybody may mount. */
const NAMESPACE = ['--map-root-user', '--mount', '--propagation', 'private'];
const canMount = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;

let root: string;
let path: string;
const files = (more: Partial<Extract<DataSource, { type: 'files' }>> = {}): DataSource => ({
  ...{ name: 'up', type: 'files', path },
  ...more,
});

beforeEach(async () => {
  root = await tempFolder();
  path = join(root, 'up');
  await mkdir(path);
  await writeFile(join(path, 'a'), 'a');
});

const isRoot = process.geteuid?.() === 0;

describe('whether files can be put back', () => {
  it('nothing is said where nothing is in the way, and nothing is left', async () => {
    expect(await canPutBack([files()])).toEqual([]);
    expect(await canPutBack([files({ path: join(root, 'not', 'yet') })])).toEqual([]);
    expect(await readdir(root)).toEqual(['up']);
  });

  it.runIf(canMount).each(['tmpfs', 'bind'])(
    'a mount point (%s) is swapped by what is in it, cut off anywhere',
    (type) => {
      const { status, stdout, stderr } = spawnSync(
        'unshare',
        [...NAMESPACE, process.execPath, '--no-warnings', WORKER, root, type],
        { encoding: 'utf8', timeout: 50_000 },
      );
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const { cuts, ...found } = JSON.parse(stdout);
      expect(found).toEqual({
        obstacles: [],
        wrong: 0,
        restored: { 'a/b/one': 'as backed up', two: 'as backed up' },
        aside: 1,
        left: ['a', 'two'],
        isMounted: true,
      });
      expect(cuts).toBeGreaterThan(10);
    },
  );

  it('a link in the place of the folder is told', async () => {
    await symlink(path, join(root, 'link'));
    expect(await canPutBack([files({ path: join(root, 'link') })])).toEqual([
      expect.objectContaining({ kind: 'link', severity: 'refuses' }),
    ]);
  });

  it('sockets, and patterns that match nothing, are warnings', async () => {
    const server = createServer().listen(join(path, 'app.sock'));
    await new Promise((resolve) => server.once('listening', resolve));
    const found = await canPutBack([files({ exclude: ['*.tmp'] })]);
    server.close();
    expect(found.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['filters', 'warns'],
      ['special-files', 'warns'],
    ]);
  });

  it('too little room is told, for all that share a disk', async () => {
    const huge = join(path, 'huge');
    spawnSync('truncate', ['-s', '1T', huge]);
    // A hole needs no room.
    expect(await canPutBack([files()])).toEqual([]);
    const fs = await import('node:fs/promises');
    vi.mocked(fs.statfs).mockImplementation((async () => ({ bavail: 1, bsize: 1 })) as never);
    const found = await canPutBack([files(), files({ name: 'again' })]);
    vi.mocked(fs.statfs).mockReset();
    // What a test leaves is searched for secrets, byte by byte.
    await rm(huge);
    expect(found).toEqual([
      expect.objectContaining({
        source: 'up',
        kind: 'room',
        severity: 'refuses',
        sentence: expect.stringMatching(/^a restore of up, again needs room for /),
      }),
    ]);
  });

  it.runIf(isRoot)('what another user may not move, or could not give back, is told', async () => {
    await chmod(root, 0o755);
    const asNobody = { uid: 65534, gid: 65534 };
    const ask = () => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [
          '--no-warnings',
          '--input-type=module',
          '-e',
          `const { canPutBack } = await import(${JSON.stringify(fileURLToPath(new URL('../src/index.ts', import.meta.url)))});
           const found = await canPutBack([{ name: 'up', type: 'files', path: ${JSON.stringify(path)} }]);
           process.stdout.write(JSON.stringify(found.map(({ kind, severity }) => [kind, severity])));`,
        ],
        { encoding: 'utf8', ...asNobody, cwd: '/' },
      );
      return JSON.parse(stdout === '' ? JSON.stringify(stderr) : stdout);
    };
    expect(ask()).toContainEqual(['not-writable', 'refuses']);
    await chown(root, asNobody.uid, asNobody.gid);
    await chown(path, asNobody.uid, asNobody.gid);
    expect(ask()).toEqual([['owners', 'warns']]);
    // In a folder like /tmp nobody moves what is another's.
    await chown(root, 0, 0);
    await chmod(root, 0o1777);
    await chown(path, 0, asNobody.gid);
    await chmod(path, 0o775);
    expect(ask()).toContainEqual(['not-writable', 'refuses']);
  });
});

vi.mock('node:fs/promises', { spy: true });

describe('whether a database can be put back', () => {
  it('behind a link it is asked of the file that the link leads to', async () => {
    await mkdir(join(root, 'volume'));
    await makeDatabase(join(root, 'volume', 'real.db'), 1);
    await symlink('volume/real.db', join(root, 'library.db'));
    const library: DataSource = { name: 'library', type: 'sqlite', path: join(root, 'library.db') };
    expect(await canPutBack([library])).toEqual([]);
    await link(join(root, 'volume', 'real.db'), join(root, 'other.db'));
    expect(await canPutBack([library])).toEqual([
      expect.objectContaining({ kind: 'link', severity: 'warns' }),
    ]);
    expect(await readdir(join(root, 'volume'))).toEqual(['real.db']);
  });

  it.each([
    [{ exclude: ['production.sqlite3*'] }, 'production.sqlite3', true],
    [{ exclude: ['db'] }, 'db/app.db', true],
    [{ exclude: ['production.sqlite3'] }, 'production.sqlite3', false],
    [{ exclude: ['*.sqlite3', '*.sqlite3-*'] }, 'a/b/production.sqlite3', true],
    [{ include: ['*.jpg'] }, 'app.db', true],
    [{}, 'app.db', false],
  ])('a folder with %j leaves %s out: %s', (filters, inside, isLeftOut) => {
    expect(leavesDatabaseOut(filters, inside)).toBe(isLeftOut);
  });
});
