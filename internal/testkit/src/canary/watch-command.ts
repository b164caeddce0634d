import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formsOf, holdsAny } from './canary.ts';
import { note } from './ledger.ts';
import { searchFolder } from './search-folder.ts';

/** How often the arguments of all processes are looked at, ms. */
const lookEveryMs = 200;

/** Passes a stream on and searches it, also across the borders of its chunks. */
const searching = (forms: readonly Buffer[], passOn: (chunk: Buffer) => void) => {
  const longest = Math.max(...forms.map(({ length }) => length));
  let before: Buffer = Buffer.alloc(0);
  let bytes = 0;
  let isFound = false;
  return {
    take: (chunk: Buffer): void => {
      passOn(chunk);
      const joined = Buffer.concat([before, chunk]);
      isFound ||= holdsAny(joined, forms);
      before = joined.subarray(-longest);
      bytes += chunk.length;
    },
    result: () => ({ bytes, isFound }),
  };
};

/** Ids of processes seen, and the arguments in which the secret stood, masked. */
const lookAtArguments = (forms: readonly Buffer[], seen: Set<string>, bad: Set<string>): void => {
  for (const id of readdirSync('/proc')) {
    if (!/^\d+$/.test(id)) continue;
    try {
      const line = readFileSync(`/proc/${id}/cmdline`);
      seen.add(id);
      if (holdsAny(line, forms)) bad.add(line.toString('utf8').split('\0')[0] ?? '?');
    } catch {
      // Ended between our two looks, or not ours to see.
    }
  }
};

/**
 * Runs a command with the secret in its environment and a temp folder of its own, and searches its
 * output, its temp folder, `folders`, and the arguments of every process meanwhile.
 *
 * @returns the command's exit code.
 */
export const watchCommand = async (
  command: readonly string[],
  options: {
    readonly secret: string;
    readonly ledger: string;
    readonly folders: readonly string[];
  },
): Promise<number> => {
  const forms = formsOf(options.secret);
  // Short: sockets lie in it.
  const temporary = await mkdtemp(join(tmpdir(), 'cn'));
  // A test that gives its root up has to get to its own folder below.
  await chmod(temporary, 0o711);
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CANARY_SECRET: options.secret,
      CANARY_FOLDER: options.ledger,
      TMPDIR: temporary,
    },
  });
  const out = searching(forms, (chunk) => process.stdout.write(chunk));
  const err = searching(forms, (chunk) => process.stderr.write(chunk));
  child.stdout.on('data', out.take);
  child.stderr.on('data', err.take);
  const seen = new Set<string>();
  const bad = new Set<string>();
  const timer = setInterval(() => lookAtArguments(forms, seen, bad), lookEveryMs);
  try {
    const [exit] = (await once(child, 'close')) as [number | null];
    note(options.ledger, {
      outputBytes: out.result().bytes + err.result().bytes,
      processes: seen.size,
      found: [
        ...(out.result().isFound ? [`stdout of ${command.join(' ')}`] : []),
        ...(err.result().isFound ? [`stderr of ${command.join(' ')}`] : []),
        ...[...bad].map((name) => `arguments of a process: ${name} …`),
      ],
    });
    for (const folder of [temporary, ...options.folders])
      note(options.ledger, searchFolder(folder, forms));
    return exit ?? 1;
  } finally {
    clearInterval(timer);
    await rm(temporary, { recursive: true, force: true });
  }
};
