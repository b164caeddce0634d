import { parsePostgresUrl } from '@dhash/backup-core';
import { z } from 'zod';
import { name, path, text } from './scalars.ts';

/** An entry of `data`. */
export const dataSourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    name,
    type: z.literal('files').describe('A folder of files.'),
    path,
    include: z.array(text).optional().describe('Globs of files to take. Default: all.'),
    exclude: z.array(text).optional().describe('Globs of files to leave out.'),
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
]);
