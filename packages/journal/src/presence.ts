import { randomBytes } from 'node:crypto';
import { chmod, open, readlink, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/**
 * A listening unix socket beside the lock: the kernel closes it with its process, whatever ends
 * that, and whoever shares the folder can ask it from any host name, pid or network namespace. A
 * stopped process answers too, as its backlog does.
 */
export interface Presence {
  /** Name of the socket in the folder; `null` where none could be made. */
  readonly socket: string | null;
  close(): Promise<void>;
}

/** What a socket says of its process; `unknown`: it is not there, or not ours to ask. */
export type Answer = 'answers' | 'refused' | 'unknown';

/** Names of sockets, as they may stand in a lock: parts of no other path. */
export const isSocketName = (name: string): boolean => /^\.[\w.@+-]{1,200}\.sock$/.test(name);

/**
 * A folder under a short name, since a socket's path may have 107 bytes at most. Without /proc, or
 * where the folder can't be opened, its own path has to do.
 */
const withShortPath = async <T>(folder: string, use: (path: string) => Promise<T>): Promise<T> => {
  if (process.platform !== 'linux') return use(folder);
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(folder, 'r');
  } catch {
    // No right to list the folder: one may still be there to enter it.
    return use(folder);
  }
  try {
    const short = `/proc/self/fd/${handle.fd}`;
    const isThere = await readlink(short).then(
      () => true,
      () => false,
    );
    return await use(isThere ? short : folder);
  } finally {
    await handle.close();
  }
};

const listen = (path: string) =>
  new Promise<{ close: () => Promise<void> } | null>((resolve) => {
    const server = createServer((asker) => asker.destroy());
    // A file system without sockets, a path that is too long: the pid and the lease have to do.
    server.once('error', () => resolve(null));
    server.listen({ path, exclusive: true }, () => {
      // It tells that this process lives, and must not keep it alive.
      server.unref();
      resolve({ close: () => new Promise((closed) => server.close(() => closed())) });
    });
  });

/** What the names of all sockets of one lock begin with; `lock` is the name of its file. */
export const socketPrefix = (lock: string): string =>
  `.${lock.replaceAll(/[^\w.@+-]/g, '_').slice(0, 60)}.`;

/** Makes the socket of this process for the lock of that name; never fails. */
export const openPresence = async (folder: string, lock: string): Promise<Presence> => {
  const prefix = socketPrefix(lock);
  const id = randomBytes(6).toString('hex');
  const name = `${prefix}${id}.sock`;
  const none: Presence = { socket: null, close: async () => undefined };
  if (process.platform === 'win32') return none;
  // Under its final name only once it listens: one that refuses there belongs to a process that is gone.
  const early = `${prefix}${id}.new`;
  return withShortPath(folder, async (path) => {
    const server = await listen(join(path, early));
    if (server === null) return none;
    try {
      // To connect is to write: every user who can read the lock may ask.
      await chmod(join(path, early), 0o666);
      await rename(join(path, early), join(path, name));
    } catch {
      // Another user's rules for the folder; the pid and the lease have to do.
      await server.close();
      await rm(join(path, early), { force: true });
      return none;
    }
    return {
      socket: name,
      close: async () => {
        await rm(join(folder, name), { force: true });
        await server.close();
      },
    };
  });
};

/** Asks the socket `name` in `folder`. Leaves nothing behind. */
export const askPresence = (folder: string, name: string): Promise<Answer> =>
  withShortPath(
    folder,
    (path) =>
      new Promise((resolve) => {
        const asker = connect({ path: join(path, name) });
        asker.once('connect', () => {
          asker.destroy();
          resolve('answers');
        });
        asker.once('error', (error: NodeJS.ErrnoException) => {
          // EAGAIN: it listens, and many have asked since it was stopped.
          if (error.code === 'EAGAIN') resolve('answers');
          else resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'unknown');
        });
      }),
  );
