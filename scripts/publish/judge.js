// Judges a release with @dhash/quality-gates as it is installed, its ESM and its CommonJS, on the Node that
// runs this. Copied into the project that has the package: node judge.mjs
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as gates from '@dhash/quality-gates';
import * as config from '@dhash/quality-gates/config';
import * as rules from '@dhash/quality-gates/export';
import * as tune from '@dhash/quality-gates/tune';

const text = `
environments:
  prod:
    duration: 5m
    onBreak: rollback
    qualityGates:
      healthFailures: { threshold: 2 }
      errors: { kind: ratio, bad: bad_total, total: all_total, threshold: 5, timeWindow: 3 }
      slow: { kind: quantile, histogram: seconds, q: 0.95, threshold: 2, timeWindow: 3 }
`;

/** Twenty requests a poll, of which these fail. @param {number} failing */
const run = (failing) =>
  Array.from({ length: 11 }, (_, i) => ({
    at: i * 30_000,
    health: { ok: true },
    metrics: {
      bad_total: failing * i,
      all_total: 20 * i,
      seconds: { le: { 1: 19 * i, 4: 20 * i, '+Inf': 20 * i }, count: 20 * i, sum: 5 * i },
    },
  }));

/** @param {{ gates: typeof gates, config: typeof config, rules: typeof rules, tune: typeof tune }} of */
const judge = (of) => {
  const policy = of.config.gatesFor(of.config.parseGates(text, { file: 'gates.yaml' }), 'prod');
  const good = Array.from({ length: 5 }, () => run(0));
  const { decision, at, gates: verdicts } = of.gates.replay(policy, run(5));
  let mistake = '';
  try {
    of.config.parseGates(text.replace('prod', '1 st'), { file: 'gates.yaml' });
  } catch (error) {
    mistake = error instanceof Error ? error.message : String(error);
  }
  return {
    promoted: of.gates.replay(policy, run(0)).decision,
    decision,
    at,
    sentence: verdicts['errors']?.sentence,
    said: of.gates.explain(policy),
    fingerprint: policy.fingerprint,
    proposals: of.tune.tune(policy, good, [run(5)]),
    alerts: of.rules.toPrometheusRules(policy, { selector: 'job="a"', health: 'up' }),
    mistake,
  };
};

const require = createRequire(import.meta.url);
const esm = judge({ gates, config, rules, tune });
const cjs = judge({
  gates: require('@dhash/quality-gates'),
  config: require('@dhash/quality-gates/config'),
  rules: require('@dhash/quality-gates/export'),
  tune: require('@dhash/quality-gates/tune'),
});
assert.deepEqual(cjs, esm);
assert.equal(esm.promoted, 'promote');
assert.deepEqual([esm.decision, esm.at], ['rollback', 60_000]);
assert.equal(esm.sentence, 'errors broke: 25 % over 3 min, over the limit of 5 %');
assert.match(esm.fingerprint, /^[0-9a-f]{64}$/);
assert.match(esm.alerts, /alert: /);
assert.match(esm.mistake, /^gates\.yaml:3:3 environments\.1 st: /);
