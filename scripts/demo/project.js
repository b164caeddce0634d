// @ts-check
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** @returns {Promise<number>} a TCP port on loopback that nobody has right now */
const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });

/** The demo's own rollout.yaml: the shipped one's form, a window of a minute, its own channels. */
const rolloutYaml = (/** @type {number} */ port) => `service: dhash
gates: quality-gates-config.json
environments:
  demo:
    url: http://127.0.0.1:${port}
    health: { path: /health, timeout: 5s, expect: { status: OK }, version: version }
    metrics: { type: prometheus, path: /metrics }
    data:
      - { name: library, type: sqlite, path: library.db }
      - { name: images, type: files, path: images }
    target:
      type: releases
      root: app
      artifact: "artifacts/{version}"
      init: node ../../examples/dhash-service/init.js
      start: ./start.sh
      stop: ./stop.sh
      drill: { start: "DHASH_DATA=$ROLLOUT_DATA ./start.sh" }
    migrations: { dir: "artifacts/{version}/migrations", database: library }
    smoke: { command: node ../../examples/dhash-service/smoke.js, timeout: 2m }
    rollback: { data: restore }
    backup: { drill: true }
    notify: [ops-hook, { channel: ops-mail, minSeverity: warning }]
    requireChannels: 1
channels:
  ops-hook: { type: webhook, url: "\${DEMO_WEBHOOK_URL}", secret: "\${DEMO_WEBHOOK_SECRET}", allowPrivate: true }
  ops-mail: { type: email, smtp: "\${DEMO_SMTP_URL}", from: deploy@example.org, to: [ops@example.org], requireTls: false }
`;

/** The shipped gates, with windows that fit into a minute. */
const gates = {
  environments: {
    demo: {
      duration: '60s',
      autoRollback: true,
      pollCadence: { initial: 3, normal: 3, initialPeriod: '60s' },
      arming: { polls: 3, every: 2 },
      qualityGates: {
        healthFailures: { threshold: 2 },
        extractionFailureRate: {
          bad: 'dhash_extraction_failures_total',
          total: 'dhash_processed_total',
          threshold: 5,
          timeWindow: '30s',
        },
        p95HashTime: {
          histogram: 'dhash_hash_duration_seconds',
          scale: 1000,
          q: 0.95,
          threshold: 250,
          timeWindow: '30s',
        },
        lowConfidenceQueue: { gauge: 'dhash_low_confidence_queue_length', threshold: 1000 },
      },
    },
  },
};

/**
 * Makes var/demo anew: configuration, templates, and the releases that `npm ci` laid under dist/.
 * @param {string} repo
 */
export const makeDemoProject = async (repo) => {
  const folder = join(repo, 'var', 'demo');
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'artifacts'), { recursive: true });
  for (const version of ['1.0', '1.1'])
    await cp(join(repo, 'dist', 'releases', version), join(folder, 'artifacts', version), {
      recursive: true,
    });
  await cp(join(repo, 'templates', 'notifications'), join(folder, 'templates', 'notifications'), {
    recursive: true,
  });
  const port = await freePort();
  await writeFile(join(folder, 'rollout.yaml'), rolloutYaml(port));
  await writeFile(join(folder, 'quality-gates-config.json'), `${JSON.stringify(gates, null, 2)}\n`);
  return { folder, url: `http://127.0.0.1:${port}` };
};
