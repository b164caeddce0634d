import { remoteProblem } from '@dhash/backup-core';
import { channelSchema, fixedLinksSchema, severities } from '@dhash/notifier';
import * as z from 'zod';
import { approvalsSchema } from './approvals-schema.ts';
import { dataSourceSchema } from './data-source-schema.ts';
import { migrationsSchema } from './migrations-schema.ts';
import { notifiableEvents } from './recipients.ts';
import { command, duration, name, path, text } from './scalars.ts';
import { requireSignoffSchema } from './signoff-schema.ts';
import { daysPattern, percentPattern, sizePattern } from './size.ts';
import { isDecodable, strayPercent } from './url-credentials.ts';

const urlPath = z
  .string()
  .regex(/^\/(?!\/)/, 'must start with one "/": it is a path at the environment\'s url');

const httpUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'must be an http:// or https:// address',
  )
  .refine((value) => !URL.canParse(value) || isDecodable(new URL(value)), strayPercent);

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

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');

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

const backup = z.strictObject({
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

const withVersion = path.refine(
  (value) => value.split('{version}').length === 2,
  'must hold {version} once: the release it belongs to',
);

const targetDrill = z
  .strictObject({
    start: command.describe(
      'Starts the release on the restored data: ROLLOUT_DATA is the folder, ROLLOUT_URL the address.',
    ),
    stop: command.optional().describe('Stops it; whatever is left is killed.'),
  })
  .optional()
  .describe('How a restore drill starts a release. Without it, a drill checks the data only.');

const targetLimits = {
  startTimeout: duration
    .default('10m')
    .describe(
      'Longest that the start command may run; it should leave the service in the background and come back.',
    ),
  stopTimeout: duration
    .default('30s')
    .describe('Longest that the service may take to be gone once the stop command came back.'),
  stopCheck: z
    .enum(['all', 'address', 'data', 'none'])
    .default('all')
    .describe(
      'What must be seen after a stop. all: nobody answers at url, and no process has the data open (Linux). address, data: only one of them. none: the stop command is believed.',
    ),
};
const state = path.describe(
  'Folder of the lock and the record, outside of every checkout, so that all see the same ones. Default: <root>/.rollout of target releases; of target command, rollouts/ in this checkout only.',
);

const target = z.discriminatedUnion('type', [
  z.strictObject({
    ...targetLimits,
    type: z.literal('releases'),
    root: path.describe('Folder of the releases: <root>/releases/<version>, <root>/current.'),
    artifact: withVersion.describe('A folder, .zip or .tar.gz, with {version} in its path.'),
    init: command.optional().describe('Makes the data, once, before a first deploy.'),
    start: command.describe('Starts the release; runs in <root>/current.'),
    stop: command.describe('Stops it; runs in <root>/current.'),
    keep: z.int().min(2).default(5).describe('Releases to keep; current and previous always.'),
    drill: targetDrill,
  }),
  z.strictObject({
    ...targetLimits,
    type: z.literal('command'),
    current: command.describe('Prints the running version; nothing where none is.'),
    activate: command.describe('Makes ROLLOUT_VERSION the one that start starts.'),
    init: command.optional().describe('Makes the data, once, before a first deploy.'),
    start: command,
    stop: command,
    version: command.optional().describe('Prints the version to deploy where none is given.'),
    state: state.optional(),
    drill: targetDrill,
  }),
]);

const tls = z
  .strictObject({ ca: path.describe('File of the certificates that are trusted, PEM.') })
  .describe('How an https address is trusted.');

const asked = {
  headers: z
    .record(text, z.string())
    .optional()
    .describe('Sent with each request; write secrets as variables.'),
  bearerFile: path.optional().describe('File of a token, read at each poll.'),
  timeout: duration
    .optional()
    .describe('Longest that an answer may take; default: that of health.'),
  tls: tls.optional(),
};

const placed = {
  path: urlPath.optional().describe('Path of the page, at the address of the service or at url.'),
  url: httpUrl.optional().describe('An address of its own; default: that of the service.'),
};

const metricsSource = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('prometheus'), ...placed, ...asked }),
  z.strictObject({
    type: z.literal('json'),
    ...placed,
    ...asked,
    values: z
      .record(text, text)
      .optional()
      .describe('Names of metrics, each with the path of its number in the answer.'),
    processStart: text.optional().describe('Path of the time at which the process started.'),
  }),
  z.strictObject({
    type: z.literal('promql'),
    url: httpUrl.describe('Address of the Prometheus server.'),
    queries: z
      .record(text, text)
      .describe('Names of metrics, each with the query that is asked at each poll.'),
    ...asked,
  }),
]);

const metrics = z
  .union([metricsSource, z.array(metricsSource).min(1)])
  .describe('Where the metrics are: one source, or several.');

const rollbackData =
  'restore (the backup of the run is put back), keep (it stays as it is then) or auto (it stays where the drill of the deploy proved that the release before runs on it, else the backup is put back)';
const rollback = z
  .strictObject(
    {
      data: z
        .enum(['restore', 'keep', 'auto'], {
          error: (issue) =>
            issue.input === undefined
              ? `is required and has no default: whether an automatic rollback also puts the data back is its owner's decision: ${rollbackData}`
              : `must be ${rollbackData}`,
        })
        .describe(
          'Whether an automatic rollback also puts the data back; auto: where no drill proved that it need not. No default.',
        ),
    },
    {
      error: (issue) =>
        issue.input === undefined
          ? `is required, with data, which has no default: whether an automatic rollback also puts the data back is its owner's decision: ${rollbackData}`
          : undefined,
    },
  )
  .describe('What an automatic rollback does.');

const notifyEntry = z.union([
  name,
  z.strictObject({
    channel: name.describe('Name of a channel.'),
    events: z
      .array(text.meta({ enum: notifiableEvents }))
      .min(1, 'must name at least one event; leave it out for the usual ones')
      .optional()
      .describe('Only these events. Default: all but the snapshots t-plus-5, -15, -30 and -60.'),
    minSeverity: z
      .enum(severities)
      .optional()
      .describe('Only messages at least this urgent. Default: info.'),
  }),
]);

/** One environment as it is written, after its variables are put in. */
export const environmentSchema = z.strictObject({
  url: httpUrl.describe('Address of the service.'),
  health: z.strictObject({
    path: urlPath,
    timeout: duration.default('5s'),
    expect: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('What its JSON must hold; body: "/regex/" is held against the text of the answer.'),
    version: text.optional().describe('JSON field that names the running version.'),
    process: text
      .optional()
      .describe('JSON field by which one process is told from another: its start, or a name.'),
    tls: tls.optional(),
  }),
  targets: z
    .array(httpUrl)
    .min(1)
    .optional()
    .describe('Addresses of the replicas: each is watched by itself, and url is not asked.'),
  metrics: metrics.optional(),
  data: z.array(dataSourceSchema).default([]),
  backup: backup.optional(),
  target,
  env: z
    .record(variableName, z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('Variables that the commands of this environment get; over those of envFile.'),
  envFile: path
    .optional()
    .describe('File of NAME=value lines: variables that the commands of this environment get.'),
  state: state.optional(),
  migrations: migrationsSchema.optional(),
  smoke: z.strictObject({ command, timeout: duration.default('2m') }).optional(),
  rollback,
  heartbeat: httpUrl
    .optional()
    .describe('Asked at each poll of a watch, so that somebody outside hears when it stops.'),
  notify: z
    .array(notifyEntry)
    .default([])
    .describe('Who hears what: names of channels, or { channel, events, minSeverity }.'),
  links: z.optional(fixedLinksSchema),
  requireChannels: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'A deploy first sends a test to every channel, and is refused where fewer than this many take it. Default: 0, no test.',
    ),
  requireSignoff: requireSignoffSchema,
});

/** rollout.yaml as it is written. */
export const fileSchema = z.strictObject({
  service: name.describe('Name of the service; part of the names of its backups.'),
  gates: path.describe('File of the quality gates.'),
  backup: backup.optional(),
  keepFor: keepForSchema.optional(),
  environments: z
    .record(name, environmentSchema)
    .refine((all) => Object.keys(all).length > 0, 'must name at least one environment'),
  channels: z.record(name, channelSchema).optional(),
  approvals: approvalsSchema.optional(),
  links: z.optional(fixedLinksSchema),
});

export type EnvironmentInput = z.output<typeof environmentSchema>;
export type FileInput = z.output<typeof fileSchema>;
