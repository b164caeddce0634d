import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { vi } from 'vitest';

// These tests start processes, up to a dozen each, beside all other tests on as few as two cores.
vi.setConfig({ testTimeout: 30_000 });

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Shows what it was called with, then does what its last argument says. */
const stubLibrary = `
export const asProcess = async (work) => {
  process.exitCode = await work();
};
export const main = async (args) => {
  const { node } = process.versions;
  process.stdout.write(JSON.stringify({ args, cwd: process.cwd(), pid: process.pid, node }) + '\\n');
  const order = args.at(-1) ?? '';
  if (order === 'throw') throw new Error('a fault of the stub');
  if (order === 'die') process.kill(process.pid, 'SIGKILL');
  if (order !== 'wait') return Number(/^exit-(\\d+)$/.exec(order)?.[1] ?? 0);
  return await new Promise((resolve) => {
    const timer = setInterval(() => undefined, 1000);
    for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 21]])
      process.on(signal, () => (clearInterval(timer), resolve(code)));
    process.stdout.write('waiting\\n');
  });
};
`;

/** Makes the Node that loads it say that it is version 20, as Debian's and Ubuntu's are. */
const playOldNode = `
const versions = { ...process.versions, node: '20.20.2' };
Object.defineProperty(process, 'versions', { value: versions });
`;

export interface StubCheckout {
  readonly root: string;
  /** `node` arguments that play an old Node in the process they start, not in its children. */
  readonly playOld: readonly string[];
}

/** A checkout with the real scripts/ and bin/, and a library of a few lines in place of the built one. */
export const stubCheckout = async (
  parts: {
    dependencies: 'installed' | 'missing';
    library: 'built' | 'missing' | 'imports-missing';
  } = {
    dependencies: 'installed',
    library: 'built',
  },
): Promise<StubCheckout> => {
  const root = await tempFolder();
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  await cp(join(repository, 'scripts'), join(root, 'scripts'), { recursive: true });
  await cp(join(repository, 'packages/rollout/bin'), join(root, 'packages/rollout/bin'), {
    recursive: true,
  });
  await put('package.json', '{ "type": "module" }');
  await put('packages/rollout/package.json', '{ "type": "module" }');
  await put('packages/rollout/src/index.ts', 'export {};');
  await put('play-old-node.js', playOldNode);
  if (parts.library === 'built') await put('packages/rollout/dist/cli/main.js', stubLibrary);
  if (parts.library === 'imports-missing')
    await put('packages/rollout/dist/cli/main.js', "import 'commander';");
  if (parts.dependencies === 'installed') {
    await mkdir(join(root, 'node_modules/node/bin'), { recursive: true });
    await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
    const own = process.platform === 'win32' ? 'node.exe' : 'node';
    await symlink(process.execPath, join(root, 'node_modules/node/bin', own));
    await symlink(process.execPath, join(root, 'node_modules/.bin/node'));
  }
  return { root, playOld: ['--import', join(root, 'play-old-node.js')] };
};

export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves with stdout so far once it holds `text`; rejects where the process ends without it. */
  shows(text: string): Promise<string>;
  readonly ended: Promise<Ended>;
}

export const start = (command: string, args: readonly string[], cwd: string): Started => {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve({ exit, signal, stdout, stderr }));
  });
  const shows = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (stdout.includes(text)) resolve(stdout);
      };
      child.stdout.on('data', look);
      look();
      ended.then(
        (end) => reject(new Error(`ended without "${text}": ${JSON.stringify(end)}`)),
        reject,
      );
    });
  return { child, shows, ended };
};

/** What the stub library showed: its first line. */
export const callOf = (stdout: string) =>
  JSON.parse(stdout.split('\n')[0] ?? '') as {
    args: string[];
    cwd: string;
    pid: number;
    node: string;
  };
