import { channelSchema, fixedLinksSchema, severities } from '@dhash/notifier';
import * as z from 'zod';
import { approvalsSchema } from './approvals-schema.ts';
import { backupSchema, keepForSchema } from './backup-schema.ts';
import { dataSourceSchema } from './data-source-schema.ts';
import { migrationsSchema } from './migrations-schema.ts';
import { notifiableEvents } from './recipients.ts';
import { command, duration, name, path, text, variableName } from './scalars.ts';
import { requireSignoffSchema } from './signoff-schema.ts';
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
  backup: backupSchema.optional(),
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
  backup: backupSchema.optional(),
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
