import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import { EventEmitter } from 'node:events';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { here, type Kernel, type SimProcess } from './kernel.ts';

/** What befalls the disk, asked before each write and told of each line of a record. */
export interface DiskWatch {
  /** True: the disk is full. */
  isFull(): boolean;
  /** A line of a journal is whole on the disk. */
  onLine(process: SimProcess, path: string, line: string): void;
}

interface Inside {
  readonly kernel: Kernel;
  readonly process: SimProcess;
}

const watches = new WeakMap<Kernel, DiskWatch>();

/** Names who watches the disk of a kernel. */
export const watchDisk = (kernel: Kernel, watch: DiskWatch): void => {
  watches.set(kernel, watch);
};

const systemError = (code: string, what: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${what}, '${path}'`), { code });

const refuseWhereFull = (kernel: Kernel, path: string): void => {
  if (watches.get(kernel)?.isFull() === true)
    throw systemError('ENOSPC', 'no space left on device, write', path);
};

/** /proc, as far as a lock asks it: which processes there are, and since when. `undefined`: another file. */
const procFile = ({ kernel, process }: Inside, path: string): string | undefined => {
  if (path === '/proc/sys/kernel/random/boot_id') return `${kernel.bootId()}\n`;
  const asked = /^\/proc\/(self|\d+)\/stat$/.exec(path)?.[1];
  if (asked === undefined) return undefined;
  const pid = asked === 'self' ? process.pid : Number(asked);
  if (!kernel.isAlive(pid)) throw systemError('ENOENT', 'no such file or directory, open', path);
  const afterState = Array.from({ length: 48 }, (_, index) => (index === 18 ? `${pid}` : '0'));
  return `${pid} (node) S ${afterState.join(' ')}`;
};

/** Adds a line to a journal; a process that is doomed to dies before, within or after it. */
const appendLine = ({ kernel, process }: Inside, fd: number, path: string, line: string): void => {
  process.lines += 1;
  const { doom } = process;
  const how = doom?.at === 'line' && doom.count === process.lines ? doom.how : null;
  if (how === null || how === 'after') {
    fs.writeFileSync(fd, line);
    watches.get(kernel)?.onLine(process, path, line);
  } else if (how === 'torn') fs.writeFileSync(fd, line.slice(0, Math.ceil(line.length / 2)));
  if (how !== null) kernel.kill(process);
};

/** As much of Node's FileHandle as the code under test uses, each method one call. */
const openHandle = (inside: Inside, path: string, fd: number) => {
  const { kernel, process } = inside;
  process.openFiles.add(fd);
  const append = (data: string | Uint8Array) =>
    kernel.call(() => {
      refuseWhereFull(kernel, path);
      if (path.endsWith('/journal.ndjson')) appendLine(inside, fd, path, String(data));
      else fs.writeFileSync(fd, data);
    });
  return {
    fd,
    stat: () => kernel.call(() => fs.fstatSync(fd)),
    readFile: () => kernel.call(() => fs.readFileSync(fd)),
    read: (buffer: Uint8Array, offset: number, length: number, position: number | null) =>
      kernel.call(() => ({ bytesRead: fs.readSync(fd, buffer, offset, length, position), buffer })),
    truncate: (bytes = 0) => kernel.call(() => fs.ftruncateSync(fd, bytes)),
    writeFile: append,
    appendFile: append,
    write: (data: string, position: number) =>
      kernel.call(() => ({ bytesWritten: fs.writeSync(fd, data, position), buffer: data })),
    chmod: (mode: number) => kernel.call(() => fs.fchmodSync(fd, mode)),
    chown: (uid: number, gid: number) => kernel.call(() => fs.fchownSync(fd, uid, gid)),
    // A tmpfs has nothing to sync; the call is a moment to die in.
    sync: () => kernel.call(() => undefined),
    close: () =>
      kernel.call(() => {
        if (process.openFiles.delete(fd)) fs.closeSync(fd);
      }),
  };
};

type Calls = Record<string, (...args: never[]) => unknown>;

/** The calls by a path that the code under test makes; those of the second list need room on the disk. */
const reading = ['readdir', 'readlink', 'realpath', 'stat', 'lstat', 'access', 'statfs', 'chmod'];
const removing = ['rm', 'rmdir', 'unlink', 'rename', 'truncate', 'utimes'];
const writing = ['writeFile', 'appendFile', 'mkdir', 'link', 'symlink', 'copyFile'];

const patchFiles = (): void => {
  const files = fsp as unknown as Calls;
  const syncs = fs as unknown as Calls;
  for (const name of [...reading, ...removing, ...writing, 'readFile']) {
    const real = files[name] as (...args: unknown[]) => unknown;
    const sync = syncs[`${name}Sync`] as (...args: unknown[]) => unknown;
    files[name] = (...args: unknown[]) => {
      const inside = here();
      if (inside === undefined) return real(...args);
      const path = String(args[0]);
      return inside.kernel.call(() => {
        if (writing.includes(name)) refuseWhereFull(inside.kernel, path);
        if (name === 'readlink' && path === '/proc/self') return String(inside.process.pid);
        return (name === 'readFile' ? procFile(inside, path) : undefined) ?? sync(...args);
      });
    };
  }
  const open = fsp.open;
  files['open'] = (path: string, flags = 'r', mode?: number) => {
    const inside = here();
    if (inside === undefined) return open(path, flags, mode);
    return inside.kernel.call(() => {
      if (flags !== 'r' && !fs.existsSync(path)) refuseWhereFull(inside.kernel, path);
      return openHandle(inside, path, fs.openSync(path, flags, mode));
    });
  };
};

/** No sockets here: a lock then asks the pids. */
const patchSockets = (): void => {
  const real = net.createServer;
  const without = (...args: Parameters<typeof real>) => {
    const server = real(...args);
    if (here() === undefined) return server;
    server.listen = () => {
      queueMicrotask(() => server.emit('error', new Error('no sockets on this file system')));
      return server;
    };
    return server;
  };
  net.createServer = without as typeof real;
};

/** No program has anything to say: real ones would be asked for rights and attributes of files, at a fork each. */
const patchPrograms = (): void => {
  const spawn = () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const child = Object.assign(new EventEmitter(), { stdin, stdout, stderr, kill: () => true });
    stdin.resume();
    stdout.end();
    stderr.end();
    setImmediate(() => child.emit('close', 0, null));
    return child;
  };
  const execFile = (program: string, ...rest: unknown[]) => {
    const done = rest.at(-1) as (error: Error) => void;
    setImmediate(() => done(systemError('ENOENT', 'spawn', program)));
  };
  Object.assign(childProcess, { spawn, execFile });
};

/** Random names are the seed's, so that a seed tells the same story to the letter. */
const patchRandom = (): void => {
  const { randomBytes, randomUUID } = crypto;
  const bytes = (process: SimProcess, size: number) =>
    Buffer.from(Array.from({ length: size }, () => process.random.between(0, 255)));
  const seededBytes = (size: number) => {
    const inside = here();
    return inside === undefined ? randomBytes(size) : bytes(inside.process, size);
  };
  const seededUuid: typeof randomUUID = (options) => {
    const inside = here();
    if (inside === undefined) return randomUUID(options);
    const hex = bytes(inside.process, 16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  Object.assign(crypto, { randomBytes: seededBytes, randomUUID: seededUuid });
};

const patchProcess = (): void => {
  const { pid } = process;
  Object.defineProperty(process, 'pid', { get: () => here()?.process.pid ?? pid });
  const now = performance.now.bind(performance);
  performance.now = () => here()?.kernel.monotonicMs() ?? now();
  const wall = Date.now;
  Date.now = () => here()?.kernel.wallMs() ?? wall();
  // What is done over and over beside the work (a lease renewed, logs tended) has no time of its own here.
  const every = globalThis.setInterval;
  const idle = { unref: () => idle, ref: () => idle };
  globalThis.setInterval = ((...args: Parameters<typeof every>) =>
    here() === undefined ? every(...args) : idle) as typeof every;
};

let isBuilt = false;

/** Puts the simulated machine between this worker's code and Node; whatever runs in no simulated process is let through. */
export const buildMachine = (): void => {
  if (isBuilt) return;
  isBuilt = true;
  patchFiles();
  patchSockets();
  patchPrograms();
  patchRandom();
  patchProcess();
  syncBuiltinESMExports();
};
