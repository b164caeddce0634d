import { join } from 'node:path';
import { vi } from 'vitest';

/** Sets the environment of real rclone, until the test ends, so that the remote `far:` is this plain folder. */
export const useFarFolder = (folder: string): void => {
  vi.stubEnv('RCLONE_CONFIG', join(folder, 'none.conf'));
  vi.stubEnv('RCLONE_CONFIG_FAR_TYPE', 'alias');
  vi.stubEnv('RCLONE_CONFIG_FAR_REMOTE', folder);
};

/** The same with a store that speaks S3; its key and secret are no secret, and not checked. */
export const useFarStore = (url: string): void => {
  const settings = {
    TYPE: 's3',
    PROVIDER: 'Other',
    ENDPOINT: url,
    REGION: 'us-east-1',
    ACCESS_KEY_ID: 'test',
    SECRET_ACCESS_KEY: 'test',
  };
  vi.stubEnv('RCLONE_CONFIG', '/dev/null');
  // Where a machine sets it, rclone 1.60 refuses to speak S3 at all.
  vi.stubEnv('AWS_CA_BUNDLE', undefined);
  vi.stubEnv('NO_PROXY', '127.0.0.1');
  for (const [key, value] of Object.entries(settings))
    vi.stubEnv(`RCLONE_CONFIG_FAR_${key}`, value);
};
