import { join } from 'node:path';
import { vi } from 'vitest';

/** Sets the environment of real rclone, until the test ends, so that the remote `far:` is this plain folder. */
export const useFarFolder = (folder: string): void => {
  vi.stubEnv('RCLONE_CONFIG', join(folder, 'none.conf'));
  vi.stubEnv('RCLONE_CONFIG_FAR_TYPE', 'alias');
  vi.stubEnv('RCLONE_CONFIG_FAR_REMOTE', folder);
};
