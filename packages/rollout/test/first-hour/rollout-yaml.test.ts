import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { environmentConfig, loadConfig } from '../../src/config/load-config.ts';
import { gatherAnswers } from '../../src/first-hour/gather-answers.ts';
import { lookAtService } from '../../src/first-hour/look-at-service.ts';
import { fromCompose, fromProcfile, fromSystemd } from '../../src/first-hour/read-origin.ts';
import { rolloutYaml } from '../../src/first-hour/rollout-yaml.ts';
import type {
  HowItRuns,
  SeenService,
  ServiceAnswers,
} from '../../src/first-hour/service-answers.ts';

const answers: ServiceAnswers = {
  service: 'shop',
  env: 'production',
  url: 'http://127.0.0.1:8000',
  runs: { kind: 'process', run: 'python3 service.py' },
  artifact: 'releases/{version}',
  data: ['data/uploads', '/srv/shop/orders.db', 'more/uploads'],
  rollbackData: 'restore',
};
const nothing: SeenService = { health: null, metrics: null };

const read = async (written: ServiceAnswers, seen: SeenService = nothing) => {
  const file = join(await tempFolder(), 'rollout.yaml');
  await writeFile(file, rolloutYaml(written, seen));
  return environmentConfig(await loadConfig(file), written.env, {});
};

describe('rollout.yaml', () => {
  it.each<HowItRuns>([
    answers.runs,
    { kind: 'commands', start: './start.sh: "a" #', stop: '- ./stop.sh' },
    { kind: 'systemd', unit: 'shop.service' },
    { kind: 'compose', service: 'web' },
  ])('reads well of a service that runs by %j', async (runs) => {
    const config = await read({ ...answers, runs });
    expect(config.data.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'uploads files',
      'orders sqlite',
      'uploads-2 files',
    ]);
    expect(config.rollback.data).toBe('restore');
    if (runs.kind === 'commands')
      expect(config.target).toMatchObject({ start: runs.start, stop: runs.stop });
    expect(config.target.type).toBe(runs.kind === 'compose' ? 'command' : 'releases');
  });

  it('says what was seen of health and metrics', async () => {
    const seen = await lookAtService(async (path) => {
      if (path === '/healthz') return '{"status":"up","version":"1.0"}';
      return path === '/metrics' ? '# TYPE a counter\na 1\n' : null;
    });
    const { health, metrics } = await read({ ...answers, data: [] }, seen);
    expect(health).toMatchObject({
      path: '/healthz',
      expect: { status: 'up' },
      version: 'version',
    });
    expect(metrics).toHaveLength(1);
  });
});

describe('where it runs today', () => {
  it('is a unit of systemd', () => {
    expect(
      fromSystemd('shop.service', 'LoadState=loaded\nEnvironment=A=1 PORT=8080 B=2\n'),
    ).toEqual({
      service: 'shop',
      url: 'http://127.0.0.1:8080',
      runs: { kind: 'systemd', unit: 'shop.service' },
    });
    expect(() => fromSystemd('shop.service', 'LoadState=not-found\n')).toThrow(/knows no unit/);
  });

  it('is a service of a compose file, the first with a port', () => {
    const text =
      'services:\n  db: { image: x }\n  web: { image: y, ports: ["127.0.0.1:8080:80"] }\n';
    expect(fromCompose(text)).toEqual({
      service: 'web',
      url: 'http://127.0.0.1:8080',
      runs: { kind: 'compose', service: 'web' },
    });
  });

  it('is the line web of a Procfile', () => {
    expect(fromProcfile('worker: x\nweb: gunicorn app:app\n')).toEqual({
      runs: { kind: 'process', run: 'gunicorn app:app' },
    });
  });
});

describe('the answers', () => {
  const given = { env: 'production', data: [] };

  it('are asked for where somebody is there, six at most', async () => {
    const asked: string[] = [];
    const got = await gatherAnswers(given, {}, '/srv/My Shop', async (question, proposal) => {
      asked.push(question);
      return proposal;
    });
    expect(asked).toHaveLength(6);
    expect(got).toMatchObject({ service: 'my-shop', rollbackData: 'keep', data: [] });
  });

  it('are refused where nobody is there, all that is missing at once', async () => {
    await expect(gatherAnswers(given, {}, '/srv/shop', null)).rejects.toThrow(
      /not given: --url, --run \(or --start and --stop, or --from\), --rollback-data restore\|keep/,
    );
    const enough = { ...given, url: 'http://h:1/', run: 'x', rollbackData: 'restore' };
    expect(await gatherAnswers(enough, {}, '/srv/shop', null)).toMatchObject({ url: 'http://h:1' });
    for (const wrong of [{ rollbackData: 'perhaps' }, { url: 'h:1' }])
      await expect(gatherAnswers({ ...enough, ...wrong }, {}, '/x', null)).rejects.toThrow();
  });
});
