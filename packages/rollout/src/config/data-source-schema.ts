import { parsePostgresUrl } from '@dhash/backup-core';
import * as z from 'zod';
import { command, duration, name, path, text } from './scalars.ts';

/** No shell: what a snapshot is called is never read as a command. */
const argumentList = z
  .array(text)
  .min(1, 'must name a program')
  .describe('Program and arguments, as a list.');

/** An entry of `data`. */
export const dataSourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    name,
    type: z.literal('files').describe('A folder of files.'),
    path,
    include: z.array(text).optional().describe('Globs of files to take. Default: all.'),
    exclude: z.array(text).optional().describe('Globs of files to leave out.'),
    sqlite: z
      .array(
        text.refine((file) => !file.startsWith('/') && !file.split('/').includes('..'), {
          error: 'must be a file inside the folder, without ".."',
        }),
      )
      .min(1)
      .optional()
      .describe(
        'SQLite databases in this folder, by their paths there: each is copied consistently, checked, and put back with the folder.',
      ),
  }),
  z.strictObject({
    name,
    type: z.literal('sqlite').describe('One database, copied consistently while it is written.'),
    path,
  }),
  z.strictObject({
    name,
    type: z
      .literal('postgres')
      .describe('One database, dumped while it is written. Needs psql, pg_dump and pg_restore.'),
    url: text
      .superRefine((url, { addIssue }) => {
        const parsed = parsePostgresUrl(url);
        if ('problem' in parsed)
          addIssue({ code: 'custom', message: parsed.problem, params: { mayHoldSecret: true } });
      })
      .describe('postgresql://user:password@host/database; keep it in a variable.'),
  }),
  z.strictObject({
    name,
    type: z.literal('command').describe('What one command writes and another takes back.'),
    dump: command.describe(
      'Writes all of the data to its standard output. A non-zero exit, a signal or no output is a failure.',
    ),
    load: command.describe(
      'Makes what it reads from its standard input the data. It may be run again on the same input.',
    ),
    verify: command
      .optional()
      .describe('Reads a dump; a non-zero exit says that it is not a sound one.'),
    timeout: duration.default('1h').describe('Longest run of each.'),
  }),
  z.strictObject({
    name,
    type: z
      .literal('external')
      .describe('A snapshot that somebody else keeps, by reference: ROLLOUT_SNAPSHOT.'),
    create: argumentList.describe(
      'Makes a snapshot; the last line that it prints is the reference to it.',
    ),
    verify: argumentList
      .optional()
      .describe('A non-zero exit says that the snapshot is not sound. Without it: not verified.'),
    restore: argumentList.describe('Makes the snapshot the data. It may be run again.'),
    delete: argumentList
      .optional()
      .describe('Removes a snapshot whose backup is removed. Without it, snapshots stay.'),
    timeout: duration.default('1h').describe('Longest run of each.'),
  }),
]);
