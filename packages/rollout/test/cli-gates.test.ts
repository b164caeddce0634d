import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openJournal } from '@dhash/journal';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../src/process/clock.ts';
import { runMain } from './run-main.ts';

const queue = (threshold: number) =>
  JSON.stringify({
    environments: {
      production: {
        duration: 10,
        autoRollback: true,
        pollCadence: { initial: 60, normal: 60 },
        qualityGates: {
          healthFailures: { threshold: 2 },
          queue: { kind: 'level', gauge: 'queue', unit: 'items', threshold },
        },
      },
    },
  });

/** A poll a minute with these lengths of the queue. */
const log = (lengths: readonly number[]) =>
  lengths
    .map((length, minute) =>
      JSON.stringify({ at: minute * 60_000, health: { ok: true }, metrics: { queue: length } }),
    )
    .join('\n')
    .concat('\n');

const folder = async (files: Record<string, string>) => {
  const cwd = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(cwd, name, '..'), { recursive: true });
    await writeFile(join(cwd, name), text);
  }
  return cwd;
};

const run = async (cwd: string, ...argv: string[]) => {
  const ran = await runMain(['gates', ...argv], { processEnv: {}, cwd, clock: systemClock });
  const events = () =>
    ran.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { ...ran, events };
};

const rising = log([1, 1, 15, 16, 17, 18, 19, 20, 25, 30, 30]);

describe('gates replay --against', () => {
  const files = { 'new.json': queue(12), 'old.json': queue(22), 'samples.ndjson': rising };
  const replay = ['replay', '--env', 'production', '--samples', 'samples.ndjson'];

  it('says side by side what breaks earlier', async () => {
    const cwd = await folder(files);
    const { exit, out } = await run(cwd, ...replay, '--gates', 'new.json', '--against', 'old.json');
    expect(exit).toBe(0);
    expect(out.split('\n\n')[1]).toMatchInlineSnapshot(`
      "                old.json           new.json
      healthFailures  pass               pass
      queue           break at 480 s     break at 120 s     would have broken 6 min earlier
      decision        rollback at 480 s  rollback at 120 s
      "
    `);
  });

  it('adds differences to the events, and the other decision to the result', async () => {
    const cwd = await folder(files);
    const { events } = await run(
      cwd,
      ...[...replay, '--gates', 'new.json', '--against', 'old.json', '--json'],
    );
    expect(events().map(({ type }) => type)).toEqual([
      'assessment',
      'assessment',
      'assessment',
      'difference',
      'result',
    ]);
    expect(events().at(-1)).toMatchObject({
      decision: 'rollback',
      afterMs: 120_000,
      against: { file: 'old.json', decision: 'rollback', afterMs: 480_000 },
      differences: [{ gate: 'queue', beforeAt: 480_000, afterAt: 120_000 }],
    });
  });

  it('says where nothing differs', async () => {
    const cwd = await folder({ ...files, 'old.json': queue(13) });
    const { out } = await run(cwd, ...replay, '--gates', 'new.json', '--against', 'old.json');
    expect(out).toContain('no gate breaks at another time');
  });

  it('is told of neither without --against', async () => {
    const cwd = await folder(files);
    const { events } = await run(cwd, ...replay, '--gates', 'new.json', '--json');
    expect(events().map(({ type }) => type)).toEqual([
      'assessment',
      'assessment',
      'assessment',
      'result',
    ]);
    expect(Object.keys(events().at(-1) ?? {})).not.toContain('differences');
  });
});

describe('gates replay of a log that lies with its record', () => {
  /** As a watch leaves it: the log, and a journal that holds the gates and where counters start from. */
  const recorded = async () => {
    const runFolder = '20261124T101500Z-production-deploy-3fa9';
    const samples = `monitor_logs/${runFolder}/samples.ndjson`;
    const cwd = await folder({ 'new.json': queue(12), 'old.json': queue(22), [samples]: rising });
    const file = join(cwd, 'rollouts', runFolder, 'journal.ndjson');
    await mkdir(dirname(file), { recursive: true });
    const policy = gatesFor(parseGates(queue(22), { file: 'old.json' }), 'production');
    const journal = await openJournal(file, { now: () => 0 });
    await journal.append({
      type: 'watch.started',
      startedAt: 0,
      fingerprint: policy.fingerprint,
      file: samples,
      policy: JSON.parse(JSON.stringify(policy)),
    });
    await journal.close();
    return { cwd, file, replay: ['replay', '--env', 'production', '--samples', samples] };
  };

  it('compares with the gates that it ran with, where they are others', async () => {
    const { cwd, replay } = await recorded();
    const { exit, out } = await run(cwd, ...replay, '--gates', 'new.json');
    expect(exit).toBe(0);
    expect(out.split('\n\n')[1]).toMatchInlineSnapshot(`
      "                as it ran          new.json
      healthFailures  pass               pass
      queue           break at 480 s     break at 120 s     would have broken 6 min earlier
      decision        rollback at 480 s  rollback at 120 s
      "
    `);
  });

  it('says nothing of the sort where they are the same, or another file is named', async () => {
    const { cwd, replay } = await recorded();
    expect((await run(cwd, ...replay, '--gates', 'old.json')).out).not.toContain('as it ran');
    const other = await run(cwd, ...replay, '--gates', 'old.json', '--against', 'new.json');
    expect(other.out).not.toContain('as it ran');
    expect(other.out).toContain('6 min later');
  });

  it('is refused where that record was changed', async () => {
    const { cwd, file, replay } = await recorded();
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"startedAt":0', '"startedAt":1'));
    const { exit, err } = await run(cwd, ...replay, '--gates', 'new.json');
    expect(exit).toBe(8);
    expect(err).toContain(file);
  });
});

describe('gates tune', () => {
  const steady = (peak: number) => log([1, 2, peak, 2, 1, 1, 1, 1, 1, 1, 1]);
  const good = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`good/r${i}/samples.ndjson`, steady(10 + i)]),
    );
  const bad = { 'bad/r1/samples.ndjson': rising };
  const tune = ['tune', '--gates', 'gates.json', '--good', 'good', '--bad', 'bad'];

  it('proposes from every run below the folders', async () => {
    const cwd = await folder({ 'gates.json': queue(1000), ...good(5), ...bad });
    await writeFile(join(cwd, 'good/r0/summary.json'), 'not samples');
    const { exit, out } = await run(cwd, ...tune);
    expect(exit).toBe(0);
    expect(out).toContain(
      'queue: 17.5 items instead of 1000 items: no false alarm on 5 good runs, whose farthest value was 14 items; it breaks 1 of 1 bad runs',
    );
  });

  it('reads a run once, also through the link that a checkout keeps of it', async () => {
    const cwd = await folder({ 'gates.json': queue(1000), ...good(5), ...bad });
    await rename(join(cwd, 'good'), join(cwd, 'shared'));
    await mkdir(join(cwd, 'good'));
    for (const run of [0, 1, 2, 3, 4])
      await symlink(`../shared/r${run}`, join(cwd, 'good', `r${run}`));
    await symlink('../good', join(cwd, 'good', 'again'));
    await symlink('../nowhere', join(cwd, 'good', 'r9'));
    const { exit, out } = await run(cwd, ...tune);
    expect([exit, out]).toEqual([0, expect.stringContaining('no false alarm on 5 good runs')]);
  });

  it('proposes nothing on four good runs, and says why', async () => {
    const cwd = await folder({ 'gates.json': queue(1000), ...good(4), ...bad });
    const { exit, events } = await run(cwd, ...tune, '--json');
    expect(exit).toBe(3);
    expect(events()).toEqual([
      {
        type: 'result',
        command: 'gates tune',
        exit: 3,
        goodRuns: 4,
        badRuns: 1,
        proposals: [],
        why: '4 good runs below good, and fewer than 5 say nothing about how far a good release may go',
      },
    ]);
    expect((await run(cwd, ...tune)).out).toMatch(/^nothing is proposed: 4 good runs/);
  });

  it('is inconclusive where no gate could be judged on them', async () => {
    const dark = [0, 1, 2, 3, 4].map((i) => [`good/r${i}/samples.ndjson`, '{"at":0}\n']);
    const cwd = await folder({ 'gates.json': queue(1000), ...Object.fromEntries(dark) });
    const { exit, out } = await run(cwd, 'tune', '--gates', 'gates.json', '--good', 'good');
    expect([exit, out]).toEqual([3, expect.stringContaining('queue: no proposal')]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a folder that is not there', {}, /the folder good cannot be read/],
    ['a run without a sample', { 'good/r1/samples.ndjson': '' }, /holds no sample/],
  ])('refuses %s', async (_title, files, says) => {
    const cwd = await folder({ 'gates.json': queue(1000), ...files });
    const { exit, err } = await run(cwd, ...tune);
    expect([exit, err]).toEqual([2, expect.stringMatching(says)]);
  });
});

describe('gates export', () => {
  const files = { 'gates.json': queue(22) };
  const exported = ['export', '--gates', 'gates.json', '--to'];

  it.each([
    ['prometheus', ['groups']],
    ['argo', ['apiVersion', 'kind', 'metadata', 'spec']],
  ])('prints YAML for %s, and nothing else', async (to, keys) => {
    const { exit, out, err } = await run(await folder(files), ...exported, to);
    expect([exit, err]).toEqual([0, '']);
    expect(Object.keys(parse(out) as object)).toEqual(keys);
  });

  it('puts the selector into every query', async () => {
    const cwd = await folder(files);
    const { out } = await run(cwd, ...exported, 'prometheus', '--selector', 'job="notes"');
    expect(out.match(/job=/g)).toHaveLength(3);
  });

  it('gives the YAML in the result of --json', async () => {
    const { events } = await run(await folder(files), ...exported, 'prometheus', '--json');
    expect(events()).toEqual([
      expect.objectContaining({ exit: 0, yaml: expect.stringContaining('groups:') }),
    ]);
  });

  it('names what can not be expressed, and prints nothing', async () => {
    const odd = { kind: 'compare', gauge: 'x', tolerance: 0.1 };
    const production = { duration: 10, qualityGates: { odd } };
    const cwd = await folder({ 'gates.json': JSON.stringify({ environments: { production } }) });
    const { exit, out, err } = await run(cwd, ...exported, 'prometheus');
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/can't express odd \(a rank test/);
  });

  it.each([
    ['an engine that is none', ['grafana'], /prometheus, argo/],
    ['an environment that is none', ['argo', '--env', 'live'], /no environment "live"/],
  ])('refuses %s', async (_title, argv, says) => {
    const { exit, err } = await run(await folder(files), ...exported, ...argv);
    expect([exit, err]).toEqual([2, expect.stringMatching(says)]);
  });
});

describe('gates backtest', () => {
  const argv = (url: string) => [
    'backtest',
    '--gates',
    'gates.json',
    '--last',
    '1d',
    '--promql',
    url,
  ];
  const files = { 'gates.json': queue(22) };

  it.each<[string, string[], RegExp]>([
    ['an address that is none', argv('prometheus'), /prometheus is no address/],
    ['an address without http', argv('localhost:9090'), /localhost:9090 is no address: try http:/],
    [
      'an address with a password that can not be decoded',
      argv('http://ops:p%@127.0.0.1:9'),
      /^error: the address of --promql has a % in its user or password .* write %25/,
    ],
    [
      'a gates file that is not there',
      ['check', '--gates', 'none.json'],
      /none\.json does not exist\n/,
    ],
    [
      'a step that polls miss',
      [...argv('http://127.0.0.1:9'), '--step', '40s'],
      /--step 40s: polls/,
    ],
    ['a duration that is none', [...argv('http://127.0.0.1:9'), '--last', 'long'], /--last long/],
    [
      'an incident that ends before it begins',
      [...argv('http://127.0.0.1:9'), '--incident', '2026-01-02T00:00Z/2026-01-01T00:00Z'],
      /ends before it begins/,
    ],
  ])('refuses %s', async (_title, given, says) => {
    const { exit, err } = await run(await folder(files), ...given);
    expect([exit, err]).toEqual([2, expect.stringMatching(says)]);
  });

  it.each<[string, number, string, RegExp]>([
    ['an error', 422, '{"status":"error","error":"too many"}', /refuses max\(.*: too many/],
    ['no JSON', 502, '<html>', /cannot be asked: HTTP 502, and no JSON/],
  ])('fails where Prometheus answers %s', async (_title, status, text, says) => {
    const server = await startHttpServer(
      (_, response) => void response.writeHead(status).end(text),
    );
    const { exit, err } = await run(await folder(files), ...argv(server.url));
    expect([exit, err]).toEqual([1, expect.stringMatching(says)]);
  });

  it('says why Prometheus cannot be reached', async () => {
    const server = await startHttpServer(() => undefined);
    await server.close();
    const { exit, err } = await run(await folder(files), ...argv(server.url));
    expect([exit, err]).toEqual([1, expect.stringMatching(/cannot be asked: .*ECONNREFUSED/)]);
  });

  it('asks in parts that Prometheus answers, with the credentials of the address, and is inconclusive on nothing', async () => {
    const server = await startHttpServer((_, response) => {
      response.end('{"status":"success","data":{"result":[]}}');
    });
    const url = server.url.replace('//', '//ann:s%40crét@');
    const last = ['--last', '8d', '--until', '2026-11-09T00:00:00Z'];
    const { exit, out } = await run(await folder(files), ...argv(url), ...last);
    expect(exit).toBe(3);
    expect(out).toContain('warning: Prometheus has nothing of queue in that time');
    const spans = server.requests.map(({ body }) => {
      const form = new URLSearchParams(body);
      return (Number(form.get('end')) - Number(form.get('start'))) / 30;
    });
    // 8 days are 23,041 points, of the gauge and of the health check; a gauge needs no start times.
    const parts = [9_999, 9_999, 3_040];
    expect(spans).toEqual([...parts, ...parts]);
    const basic = `Basic ${Buffer.from('ann:s@crét').toString('base64')}`;
    expect(server.requests[0]?.headers.authorization).toBe(basic);
  });
});

describe('gates check --live', () => {
  const rollout = (url: string) => `service: shop
gates: gates.json
environments:
  production:
    url: ${url}
    health: { path: /health, expect: { status: OK } }
    metrics: { type: prometheus, path: /metrics }
    data: []
    target: { type: command, activate: [ 'true' ], current: [ echo, '1.0' ], start: [ 'true' ], stop: [ 'true' ] }
    rollback: { data: keep }
`;

  it.each([
    ['reads what a gate reads now', 'queue 7\n', 0, /^ {2}ready +queue: 7 items, within/m],
    ['says which gate is beyond its limit', 'queue 70\n', 3, /^ {2}BEYOND +queue.*70 items/m],
    ['names a near metric', 'queues 7\n', 3, /^ {2}BLIND +queue: .*queues/m],
  ])('%s', async (_, page, exitCode, says) => {
    const server = await startHttpServer((request, response) => {
      response.end(request.url === '/metrics' ? page : '{"status":"OK"}');
    });
    const cwd = await folder({ 'gates.json': queue(12), 'rollout.yaml': rollout(server.url) });
    const { exit, out, err } = await run(cwd, 'check', '--live', '--env', 'production');
    expect(out + err).toMatch(says);
    expect(exit).toBe(exitCode);
  });
});
