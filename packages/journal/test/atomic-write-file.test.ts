import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { atomicWriteFile } from '../src/atomic-write-file.ts';

describe('atomicWriteFile', () => {
  it('replaces a file whole, 0600 unless told', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'state.json');
    await writeFile(file, 'old and longer');
    await chmod(file, 0o644);
    await atomicWriteFile(file, 'new');
    expect(await readFile(file, 'utf8')).toBe('new');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await atomicWriteFile(file, new Uint8Array([1, 2]), { mode: 0o664 });
    expect([...(await readFile(file))]).toEqual([1, 2]);
    expect((await stat(file)).mode & 0o777).toBe(0o664);
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  it('leaves nothing beside the file when it fails', async () => {
    const folder = await tempFolder();
    await mkdir(join(folder, 'taken'));
    await writeFile(join(folder, 'taken', 'x'), '');
    await expect(atomicWriteFile(join(folder, 'taken'), 'x')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['taken']);
  });
});
