import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, fakeClock, tempFolder } from '@dhash/testkit';
import { type ChannelConfig, createNotifier, type NotifierOptions } from '../src/index.ts';

/** 2026-11-23T20:00:00Z */
export const startMs = Date.UTC(2026, 10, 23, 20);

/** A notifier in a fresh folder whose waits take no time and whose backoff is the longest it can be. */
export const startNotifier = async (
  channels: readonly ChannelConfig[],
  more: Partial<NotifierOptions> = {},
) => {
  const folder = more.folder ?? (await tempFolder());
  const clock = fakeClock(startMs);
  const notifier = createNotifier({
    channels,
    folder,
    clock,
    random: () => 0.999,
    env: {},
    ...more,
  });
  const filesIn = async (name: string): Promise<string[]> => {
    try {
      return (await readdir(join(folder, name))).sort();
    } catch {
      return [];
    }
  };
  return {
    notifier,
    folder,
    clock,
    spooled: () => filesIn('spool'),
    dead: () => filesIn('dead'),
    /** All that lies in the folder, as one text. */
    everything: async (): Promise<string> => {
      const files = await readdir(folder, { recursive: true, withFileTypes: true });
      const texts = files
        .filter((file) => file.isFile())
        .map(
          async (file) =>
            `${file.name}\n${await readFile(join(file.parentPath, file.name), 'utf8')}`,
        );
      return (await Promise.all(texts)).join('\n');
    },
  };
};

/** A channel of each HTTP type at an address. */
export const httpChannel = (
  type: 'slack' | 'teams' | 'discord' | 'webhook',
  url: string,
  name: string = type,
): ChannelConfig => ({
  type,
  name,
  url: `${url}/hook/${canary}`,
  allowPrivate: true,
  perSecond: 1000,
});
