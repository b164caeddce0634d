import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { renderBackupName } from '../src/backup-name.ts';
import { type KeepPolicy, type PrunableBackup, planPrune } from '../src/index.ts';

const exec = promisify(execFile);

/** Always the same numbers (Park and Miller's minimal standard generator): a failure is a failure again. */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
};

const HOUR_MS = 3_600_000;

/** Times as backups have them: many lately, fewer before, some in one hour, some round a new year's week. */
const timesOf = (seed: number, count: number): number[] => {
  const next = random(seed);
  const newest = Date.UTC(2021 + next(4), next(12), 1 + next(28), next(24), next(60), next(60));
  const gaps = [HOUR_MS / 7, HOUR_MS, 9 * HOUR_MS, 24 * HOUR_MS, 150 * HOUR_MS, 2000 * HOUR_MS];
  const times = [newest];
  while (times.length < count) {
    const gap = gaps[next(gaps.length)] ?? HOUR_MS;
    times.push((times.at(-1) ?? newest) - 1000 * Math.ceil((gap * (1 + next(100))) / 100_000));
  }
  return times;
};

const RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
const SPANS = [
  'within',
  'withinHourly',
  'withinDaily',
  'withinWeekly',
  'withinMonthly',
  'withinYearly',
] as const;

const policyOf = (seed: number): KeepPolicy => {
  const next = random(seed);
  const rule = RULES[seed % RULES.length] ?? 'last';
  const policy: Record<string, number | string> = { [rule]: 1 + next(6) };
  if (seed % 3 === 0) policy[RULES[next(RULES.length)] ?? 'last'] = 1 + next(4);
  if (seed % 2 === 0) {
    const span = [`${next(3)}y${next(14)}m${next(40)}d${next(50)}h`, `${1 + next(9)}d`, '1m'];
    policy[SPANS[next(SPANS.length)] ?? 'within'] = span[next(span.length)] ?? '1d';
  }
  return policy;
};

/** `withinDaily: '3d'` → `--keep-within-daily 3d` */
const flagsOf = (policy: KeepPolicy): string[] =>
  Object.entries(policy).flatMap(([rule, value]) => [
    `--keep-${rule.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);

const LISTS = [11, 23, 37, 41].map((seed) => timesOf(seed, 9));
const POLICIES = Array.from({ length: 24 }, (_, i) => policyOf(i + 1));

it('keeps what restic forget keeps, on 96 generated lists and policies', {
  timeout: 300_000,
}, async () => {
  const folder = await tempFolder();
  const env = {
    ...process.env,
    TZ: 'UTC',
    RESTIC_REPOSITORY: join(folder, 'repository'),
    RESTIC_PASSWORD: 'a test',
    RESTIC_CACHE_DIR: join(folder, 'cache'),
  };
  const restic = async (...args: string[]): Promise<string> =>
    (await exec('restic', args, { env })).stdout;
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data', 'file'), 'the same in all');
  await restic('init', '-q');
  for (const [i, times] of LISTS.entries())
    for (const at of times) {
      const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
      await restic('backup', '-q', '--host', `list${i}`, '--time', time, join(folder, 'data'));
    }
  const minor = Number(/restic 0\.(\d+)/.exec(await restic('version'))?.[1] ?? 99);
  /** What restic knows nothing of: that the newest always stays; before 0.16, the oldest of a rule with count left. */
  const isOursAlone = (reason: string) =>
    reason === 'newest' || (minor < 16 && reason.startsWith('oldest '));
  const problems: string[] = [];
  let removed = 0;
  for (const policy of POLICIES) {
    const groups = JSON.parse(
      await restic('forget', '--dry-run', '--json', '--group-by', 'host', ...flagsOf(policy)),
    ) as { host: string; keep: { time: string }[] | null }[];
    for (const [i, times] of LISTS.entries()) {
      const theirs = (groups.find(({ host }) => host === `list${i}`)?.keep ?? [])
        .map(({ time }) => Date.parse(time))
        .sort((a, b) => b - a);
      const list = times.map((at): PrunableBackup => {
        const name = renderBackupName(at, 'ci', null);
        return { file: name, name, at, env: 'ci', tag: null, bytes: 1, hasSidecar: true };
      });
      const plan = planPrune(list, policy, { now: Date.now(), pinned: new Map() });
      removed += plan.remove.length;
      const ours = plan.keep
        .filter(({ reasons }) => !reasons.every(isOursAlone))
        .map(({ name }) => list.find((one) => one.name === name)?.at);
      if (ours.join() !== theirs.join())
        problems.push(`${JSON.stringify(policy)} of list ${i}: ${ours} and restic ${theirs}`);
    }
  }
  expect(problems).toEqual([]);
  // A comparison of lists that all keep everything would show nothing.
  expect(removed).toBeGreaterThan(LISTS.length * POLICIES.length);
});
