import * as z from 'zod';
import { command, duration, name, path } from './scalars.ts';

/** `migrations` of an environment: SQL files of a folder, or the commands of somebody else's tool. */
export const migrationsSchema = z
  .strictObject({
    type: z
      .enum(['sql', 'commands'])
      .optional()
      .describe('sql: dir and database. commands: status and up. Default: by what is there.'),
    dir: path
      .optional()
      .describe('sql: folder of NNN_name.up.sql and .down.sql; may hold {version}.'),
    database: name.optional().describe('sql: name of the sqlite or postgres entry under data.'),
    lockTimeout: duration
      .optional()
      .describe('sql, PostgreSQL: longest that a statement waits for a lock. Default: 5s.'),
    status: command
      .optional()
      .describe('commands: prints what is applied and what is not. Run before and after up.'),
    up: command
      .optional()
      .describe('commands: applies what is pending for ROLLOUT_VERSION. It may be run again.'),
    down: command
      .optional()
      .describe(
        'commands: goes back to ROLLOUT_MIGRATE_TO. Without it, only a backup takes the data back.',
      ),
    to: command
      .optional()
      .describe(
        'commands: prints where the database stands; asked before up, and given to down as ROLLOUT_MIGRATE_TO.',
      ),
    timeout: duration.optional().describe('commands: longest run of each. Default: 30m.'),
    online: z.boolean().default(false).describe('True: migrate while the service runs.'),
  })
  .superRefine((given, { addIssue }) => {
    const fields = (...names: (keyof typeof given)[]) =>
      names.filter((field) => given[field] !== undefined);
    const sql = fields('dir', 'database', 'lockTimeout');
    const commands = fields('status', 'up', 'down', 'to', 'timeout');
    const isSql = given.type === 'sql' || (given.type === undefined && commands.length === 0);
    const [kind, foreign] = isSql ? (['sql', commands] as const) : (['commands', sql] as const);
    const needed = isSql ? fields('dir', 'database') : fields('status', 'up');
    if (needed.length < 2)
      addIssue({
        code: 'custom',
        message: isSql
          ? 'needs dir and database (SQL files that are applied here), or status and up (the commands of a tool of yours)'
          : 'needs status and up, the commands of a tool of yours',
      });
    for (const field of foreign)
      addIssue({
        code: 'custom',
        path: [field],
        message: `belongs to migrations of type ${isSql ? 'commands' : 'sql'}, and these are of type ${kind}`,
      });
  });
