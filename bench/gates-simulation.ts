// How often a rule rolls back a good release, and how soon a bad one. First GATES' table of confidence, by
// traffic; then services whose series come, go and restart, judged by us and by Argo's and Flagger's
// documented formula on the same samples.
// `node --conditions=@dhash/source bench/gates-simulation.ts [watches a cell, default 1000]`
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { scenes } from '../packages/quality-gates/test/support/simulated-service.ts';
import { type Cell, simulateScene } from '../packages/quality-gates/test/support/simulation.ts';
import { simulate } from '../packages/quality-gates/test/support/traffic.ts';

const runs = Number(process.argv[2] ?? 1000);
const shares = [0.03, 0.04, 0.06, 0.08, 0.2];

const policy = (confidence: number | 'off') => {
  const failures = { kind: 'ratio', bad: 'bad', total: 'total', threshold: 5, timeWindow: 10 };
  const production = {
    duration: 60,
    autoRollback: true,
    qualityGates: { failures: { ...failures, confidence } },
  };
  const text = JSON.stringify({ environments: { production } });
  return gatesFor(parseGates(text, { file: 'simulation.json' }), 'production');
};

console.log(
  `Share of ${runs} watches rolled back at a limit of 5 %, and the median second of those`,
);
console.log(`| requests a minute, rule | ${shares.map((s) => `truly ${s * 100} %`).join(' | ')} |`);
console.log(`| --- |${' --- |'.repeat(shares.length)}`);
for (const perMinute of [5, 100])
  for (const confidence of ['off', 0.99] as const) {
    const cells = shares.map((share) => {
      const { rolledBack, medianSecond } = simulate(policy(confidence), {
        perMinute,
        share,
        runs,
        seed: 5,
      });
      const when = medianSecond === null ? '' : ` (${medianSecond})`;
      return `${(100 * rolledBack).toFixed(0)} %${when}`;
    });
    const rule = confidence === 'off' ? 'plain' : String(confidence);
    console.log(`| ${perMinute}, ${rule} | ${cells.join(' | ')} |`);
  }

const few = Math.max(1, Math.round(runs / 5));
const shown = ({ rolledBack, promoted, medianSecond }: Cell, isGood: boolean): string => {
  const when = medianSecond === null ? '' : ` (${medianSecond})`;
  const missed = isGood || promoted === 0 ? '' : `, ${(100 * promoted).toFixed(0)} % promoted`;
  return `${(100 * rolledBack).toFixed(1).replace('.0', '')} %${when}${missed}`;
};
const judges = ['ours', 'argo', 'flagger'] as const;
const truly = [0.03, 0.06, 0.08, 0.2];
console.log(
  `\nShare of ${few} watches rolled back at a limit of 5 % (median second), on the same samples every 30 s`,
);
console.log(
  `| service, requests a minute, judge | ${truly.map((s) => `truly ${s * 100} %`).join(' | ')} |`,
);
console.log(`| --- |${' --- |'.repeat(truly.length)}`);
for (const scene of scenes)
  for (const perMinute of [5, 100, 1000]) {
    const cells = truly.map((share) =>
      simulateScene(scene, { perMinute, share, runs: few, seed: 23 }),
    );
    for (const judge of judges)
      console.log(
        `| ${scene.title}, ${perMinute}, ${judge} | ${cells.map((each, i) => shown(each[judge], truly[i] === 0.03)).join(' | ')} |`,
      );
  }
