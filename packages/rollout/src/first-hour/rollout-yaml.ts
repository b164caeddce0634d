import { basename } from 'node:path';
import type { HowItRuns, SeenService, ServiceAnswers } from './service-answers.ts';

/** A text as YAML reads it back, whatever is in it. */
const quoted = (text: string): string =>
  /^[\w./{}-]+$/.test(text) && !text.startsWith('-') && !text.includes('{')
    ? text
    : JSON.stringify(text);

const isDatabase = (path: string): boolean => /\.(db|sqlite3?)$/.test(path);

/** A name of rollout.yaml made of a path: lower-case letters, digits and `-`. */
export const nameFrom = (text: string): string =>
  basename(text)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 41) || 'data';

const dataLines = (data: readonly string[]): string[] => {
  if (data.length === 0)
    return [
      '    # Files and databases that a backup holds and a rollback puts back: none were named.',
      '    data: []',
    ];
  const names = new Map<string, number>();
  const lines = data.map((path) => {
    const wanted = nameFrom(path);
    const count = (names.get(wanted) ?? 0) + 1;
    names.set(wanted, count);
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    return `      - { name: ${name}, type: ${isDatabase(path) ? 'sqlite' : 'files'}, path: ${quoted(path)} }`;
  });
  return ['    # What a backup holds and a rollback puts back.', '    data:', ...lines];
};

const releases = (
  { artifact }: ServiceAnswers,
  comments: readonly string[],
  { start, stop }: { readonly start: string; readonly stop: string },
): string[] => [
  '      type: releases',
  '      # Each release is laid at app/releases/VERSION, and app/current is switched to it by one rename.',
  '      root: app',
  `      artifact: ${quoted(artifact)}`,
  ...comments.map((comment) => `      # ${comment}`),
  `      start: ${quoted(start)}`,
  `      stop: ${quoted(stop)}`,
];

/** `../..` is the root of the releases: start and stop run in app/releases/VERSION. */
const processCommands = (run: string) => ({
  start: `nohup ${run} >> ../../service.log 2>&1 < /dev/null & echo $! > ../../service.pid`,
  stop: 'if [ -f ../../service.pid ]; then kill "$(cat ../../service.pid)" 2>/dev/null || true; rm -f ../../service.pid; fi',
});

const target = (answers: ServiceAnswers, runs: HowItRuns): string[] => {
  switch (runs.kind) {
    case 'process':
      return releases(
        answers,
        [
          'Both run in app/current. start must come back: it leaves the service in the background, and its pid in a file.',
        ],
        processCommands(runs.run),
      );
    case 'commands':
      return releases(
        answers,
        ['Both run in app/current. start must come back, stop must be harmless twice.'],
        runs,
      );
    case 'systemd':
      return releases(
        answers,
        [
          `The unit must run what is in app/current (WorkingDirectory= or ExecStart= of ${runs.unit}), so that a switch of that link is`,
          'what the next start runs.',
        ],
        { start: `systemctl start ${runs.unit}`, stop: `systemctl stop ${runs.unit}` },
      );
    case 'compose':
      return [
        '      # Commands of yours switch the release: here a line in a file, which compose puts into the image:',
        `      # services.${runs.service}.image: registry.example.org/${answers.service}:\${RELEASE}`,
        '      type: command',
        '      current: cat .release 2>/dev/null || true',
        '      activate: printf %s "$ROLLOUT_VERSION" > .release',
        `      start: RELEASE=$(cat .release) docker compose up -d --wait ${runs.service}`,
        `      stop: RELEASE=$(cat .release) docker compose stop ${runs.service}`,
        '      # Lock and record, outside of this checkout, so that every checkout sees the same ones.',
        `      # state: /var/lib/${answers.service}-rollout`,
      ];
  }
};

const healthLines = ({ health }: SeenService): string[] => {
  if (health === null)
    return [
      '    # Nothing answered: write the path that says whether the service is well. It must answer 2xx in time;',
      '    # expect: { status: OK } says what its JSON must hold, version: FIELD where it names its release.',
      '    health: { path: /health, timeout: 5s }',
    ];
  const expect = Object.entries(health.expect).map(
    ([field, value]) => `${field}: ${quoted(value)}`,
  );
  return [
    '    # OK is: 2xx in time, and JSON that holds what "expect" says.',
    ...(health.version === null
      ? [
          '    # It does not say which release it is: version: FIELD, once it does, tells an old answer from a new one.',
        ]
      : []),
    `    health: { path: ${health.path}, timeout: 5s${expect.length > 0 ? `, expect: { ${expect.join(', ')} }` : ''}${health.version === null ? '' : `, version: ${health.version}`} }`,
  ];
};

/** `rollout.yaml` for a service, with comments for whoever reads it first. Pure. */
export const rolloutYaml = (answers: ServiceAnswers, seen: SeenService): string =>
  [
    `# How ${answers.service} is rolled out. Paths are relative to this folder, and commands run in it (start and stop`,
    '# of a "releases" target: in the active release). All fields: docs/configuration.md of @dhash/rollout.',
    `service: ${answers.service}`,
    'gates: gates.yaml',
    '',
    'backup:',
    '  keep: { last: 10, daily: 14, weekly: 8 }',
    '',
    'environments:',
    `  ${answers.env}:`,
    `    url: ${quoted(answers.url)}`,
    ...healthLines(seen),
    ...(seen.metrics === null
      ? ['    # No page of metrics was found: metrics: { type: prometheus, path: /metrics }']
      : [`    metrics: { type: prometheus, path: ${seen.metrics.path} }`]),
    ...dataLines(answers.data),
    '    target:',
    ...target(answers, answers.runs),
    '    # Run after each start, in this folder; exit 0 is well. A release that fails it is taken back at once.',
    '    # smoke: { command: ./smoke.sh, timeout: 2m }',
    '    # Whether an automatic rollback also puts the data back: what was written since is then set aside.',
    `    rollback: { data: ${answers.rollbackData} }`,
    '    # Who hears of it: names of channels, below.',
    '    notify: []',
    '',
    '# channels:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: rollout.yaml's variables look like this
    '#   ops-chat: { type: slack, url: "${SLACK_WEBHOOK_URL}" }',
    '',
  ].join('\n');
