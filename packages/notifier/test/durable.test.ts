import * as folders from '@dhash/basics/folders';
import { expect, it, vi } from 'vitest';
import { syncFolder } from '../src/spool/durable.ts';

vi.mock('@dhash/basics/folders', { spy: true });

it.each([
  ['EINVAL', 'takes a disk that syncs no folders'],
  ['EACCES', 'takes a folder that may not be read'],
  ['EIO', 'tells of a disk that fails'],
])('%s: %s', async (code) => {
  const refused = Object.assign(new Error(code), { code });
  vi.mocked(folders.syncFolder).mockRejectedValueOnce(refused);
  const synced = syncFolder('/spool');
  if (code === 'EIO') await expect(synced).rejects.toBe(refused);
  else await expect(synced).resolves.toBeUndefined();
});
