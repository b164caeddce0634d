import { remoteProblem } from '@dhash/backup-core';
import * as z from 'zod';
import { duration, path, text, variableName } from './scalars.ts';
import { daysPattern, percentPattern, sizePattern } from './size.ts';

const count = z.int().min(-1, 'must be a number, or -1 for all');
const span = z
  .string()
  .regex(/^(?=.)(?:\d+y)?(?:\d+m)?(?:\d+d)?(?:\d+h)?$/, 'must be a span like 1y2m3d4h');
const newestOfEach = (what: string) =>
  span.optional().describe(`The newest of each ${what}, of those this much older than the newest.`);

const keep = z
  .strictObject({
    last: count.optional().describe('The newest N; -1: all.'),
    hourly: count.optional().describe('The newest of each of the last N hours that have one.'),
    daily: count.optional().describe('The newest of each of the last N days that have one.'),
    weekly: count.optional().describe('The newest of each of the last N weeks that have one.'),
    monthly: count.optional().describe('The newest of each of the last N months that have one.'),
    yearly: count.optional().describe('The newest of each of the last N years that have one.'),
    within: span
      .optional()
      .describe('All that are less than this older than the newest: 1y2m3d4h.'),
    withinHourly: newestOfEach('hour'),
    withinDaily: newestOfEach('day'),
    withinWeekly: newestOfEach('week'),
    withinMonthly: newestOfEach('month'),
    withinYearly: newestOfEach('year'),
  })
  .describe(
    'Which backups stay: those that any rule keeps (as restic does it, in UTC). Applied after each backup that verified. Without it: all.',
  );

const size = z.string().regex(sizePattern, 'must be a size with a unit: 500MB, 20GB, 1.5TiB');
const percent = z.string().regex(percentPattern, 'must be a percentage: 15%');
const days = (what: string, otherwise: string) =>
  z
    .string()
    .regex(daysPattern, 'must be days or forever: 30d, forever')
    .default(otherwise)
    .describe(`How long ${what} stays: 30d, or forever. Default: ${otherwise}.`);

/** `backup.drill` where it says more than yes or no. */
export const drillSchema = z.strictObject({
  beforeDeploy: z
    .boolean()
    .default(true)
    .describe('Whether a deploy restores its backup once before it stops anything.'),
  env: z
    .array(variableName)
    .default([])
    .describe('Variables of ours that the drilled service sees. Default: none.'),
  network: z
    .enum(['none', 'allow'])
    .default('none')
    .describe(
      'none: the drilled service reaches nothing but its own loopback. allow: all that this machine reaches.',
    ),
  timeout: duration
    .default('5m')
    .describe('Longest that the service may take to start and to answer OK.'),
});

/** `backup` of rollout.yaml and of an environment. */
export const backupSchema = z.strictObject({
  dir: path
    .optional()
    .describe('Folder of backups. Default: backups, and backups/<env> for all but production.'),
  keep: keep.optional(),
  maxBytes: size
    .optional()
    .describe('Most that the backups of an environment take together; the oldest go first.'),
  minFree: z
    .union([percent, size], { error: 'must be a percentage or a size: 15%, 20GB' })
    .optional()
    .describe('What stays free on the disk of the backups; the oldest go first. 15% or 20GB.'),
  maxShrink: percent
    .optional()
    .describe(
      'A backup in which the bytes, files or rows of a source fell by more than this against the one before is flagged, and no older one is removed until somebody accepts it. Default: 50%.',
    ),
  drill: z
    .union([z.boolean(), drillSchema], {
      error: 'must be true, false, or { beforeDeploy, env, network, timeout }',
    })
    .optional()
    .describe(
      'Whether, and how, a deploy restores its backup once, for real, before it goes on. Default: false.',
    ),
  copies: z
    .array(
      z.strictObject({
        to: text
          .superRefine((to, { addIssue }) => {
            const problem = remoteProblem(to);
            if (problem !== null)
              addIssue({ code: 'custom', message: problem, params: { mayHoldSecret: true } });
          })
          .describe('rclone:REMOTE:path, a folder at a remote of "rclone config".'),
      }),
    )
    .optional()
    .describe(
      "Where each backup is copied to, by rclone; read back there and hashed. How long copies stay is the remote's own rule.",
    ),
});

/** `keepFor` of rollout.yaml, with its defaults. */
export const keepForSchema = z
  .strictObject({
    safety: days('what a rollback replaced (safety/ in the folder of backups)', '30d'),
    incomplete: days('a backup that could not be read whole (incomplete/)', '7d'),
    incidents: days('an incident (incidents/)', '365d'),
    monitorLogs: days('what a watch saw (monitor_logs/)', '90d'),
    messages: days('a message that no channel was on for (notifications/kept/)', '30d'),
  })
  .describe(
    'How long other things stay. What an open run or a kept incident refers to stays longer; the record (rollouts/) is never removed.',
  );
