import { readFile } from 'node:fs/promises';
import { BackupError } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import type { ExternalSource } from '../types.ts';
import { dumpedKind } from './dumped-kind.ts';

/** Most characters of a reference. */
const longestReference = 4000;
/** Most of what `create` prints that is kept to find the last line in, in characters. */
const tailChars = 64 * 1024;

const broken = (source: ExternalSource, message: string): BackupError =>
  new BackupError('command-failed', `${message} of the source "${source.name}"`);

/** What `create` printed last. @throws BackupError `command-failed` where that is no reference */
const referenceIn = (source: ExternalSource, printed: string): string => {
  const last = printed.trimEnd().split('\n').at(-1)?.trim() ?? '';
  if (last === '') throw broken(source, 'nothing that could be a reference was printed by create');
  if (last.length > longestReference || /\p{Cc}/u.test(last))
    throw broken(
      source,
      'the last line is no reference (one line of text) that was printed by create',
    );
  return last;
};

type Which = 'create' | 'verify' | 'restore' | 'delete';

/** The reference goes by the environment: no part of it is ever read as a command. */
const run = async (
  source: ExternalSource,
  which: Which,
  { reference, signal }: { readonly reference?: string; readonly signal?: AbortSignal | undefined },
): Promise<string> => {
  const command = source[which];
  if (command === undefined) return '';
  const decoder = new TextDecoder();
  let printed = '';
  await runProcess({
    what: `the ${which} command of the source "${source.name}"`,
    command,
    cwd: source.cwd,
    timeoutMs: source.timeoutMs,
    env: { ...source.env, ...(reference === undefined ? {} : { ROLLOUT_SNAPSHOT: reference }) },
    signal,
    onOutput: (part) => {
      printed = (printed + decoder.decode(part, { stream: true })).slice(-tailChars);
    },
  });
  return printed;
};

const referenceOf = async (file: string): Promise<string> =>
  (await readFile(file, 'utf8')).trimEnd();

/**
 * Removes a snapshot that no backup refers to any more; nothing where the source has no `delete`.
 *
 * @throws BackupError `command-failed`
 */
export const deleteSnapshot = async (
  source: ExternalSource,
  reference: string,
  signal?: AbortSignal,
): Promise<void> => {
  await run(source, 'delete', { reference, signal });
};

/** A snapshot that somebody else keeps: the backup holds what it is called. */
export const externalKind = dumpedKind<ExternalSource>({
  type: 'external',
  dump: async (source, signal, onOutput) => {
    const reference =
      source.kept === undefined
        ? referenceIn(source, await run(source, 'create', { signal }))
        : await referenceOf(source.kept);
    const bytes = Buffer.from(`${reference}\n`);
    await onOutput(bytes);
    return bytes.length;
  },
  verify: async (source, file, signal) => {
    await run(source, 'verify', { reference: await referenceOf(file), signal });
  },
  load: async (source, file, signal) => {
    await run(source, 'restore', { reference: await referenceOf(file), signal });
  },
  facts: async ({ name, verify }, file) => ({
    name,
    type: 'external',
    reference: await referenceOf(file),
    verified: verify === undefined ? 'not verified' : 'by its own command',
  }),
  problems: ({ name, create, restore }) =>
    create.length === 0 || restore.length === 0
      ? [`the source "${name}" needs a create and a restore command`]
      : [],
  asFile: (source, file) => ({ ...source, kept: file }),
  // Only its own tool could tell, and that was asked when the snapshot was staged.
  prove: async ({ name }) => ({
    problems: [],
    notes: [`${name}: that its snapshot is live again is said by its restore command alone`],
    files: 0,
    bytes: 0,
    tables: null,
  }),
});
