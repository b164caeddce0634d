import { basename, dirname } from 'node:path';
import { isBackupError } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import { type BytePath, bytePath } from '../source/byte-path.ts';
import { type FileAttributes, parseAttributes } from './file-attributes.ts';

/** Longest look, ms: a program that hangs on a network disk keeps no backup from being made. */
const TIMEOUT_MS = 10 * 60_000;

const getfattr = async (
  cwd: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | null> => {
  const parts: Buffer[] = [];
  try {
    await runProcess({
      what: 'getfattr',
      command: [
        'getfattr',
        '--no-dereference',
        '--dump',
        '--match=-',
        '--encoding=base64',
        ...args,
      ],
      cwd,
      onOutput: (part) => {
        parts.push(part);
      },
      timeoutMs: TIMEOUT_MS,
      signal,
    });
  } catch (error) {
    if (!isBackupError(error) || signal?.aborted === true) throw error;
    // Of files that went meanwhile, or a disk without attributes: what it printed is right as far as it goes.
    if (parts.length === 0) return /not installed/.test(error.message) ? null : '';
  }
  return Buffer.concat(parts).toString('latin1');
};

/** Attributes of a folder and all below it, by path in it (`''` is its own); null where there is no program to ask. */
export const attributesIn = async (
  folder: string,
  isWanted: (path: BytePath) => boolean,
  signal?: AbortSignal,
): Promise<FileAttributes[] | null> => {
  if (process.platform !== 'linux') return null;
  const text = await getfattr(folder, ['--recursive', '--physical', '.'], signal);
  if (text === null) return null;
  return parseAttributes(text)
    .filter(({ name }) => isWanted(Buffer.from(name, 'base64').toString('latin1')))
    .sort((a, b) => Buffer.from(a.name, 'base64').compare(Buffer.from(b.name, 'base64')));
};

/** The same of one file, whose path is `''`. */
export const attributesOf = async (
  file: string,
  signal?: AbortSignal,
): Promise<FileAttributes[] | null> => {
  if (process.platform !== 'linux') return null;
  const text = await getfattr(dirname(file), [`./${basename(file)}`], signal);
  if (text === null) return null;
  const own = Buffer.from(bytePath(basename(file)), 'latin1').toString('base64');
  return parseAttributes(text)
    .filter(({ name }) => name === own)
    .map((each) => ({ ...each, name: '' }));
};
