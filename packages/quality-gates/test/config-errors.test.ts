import { describe, expect, it } from 'vitest';
import { gatesFor, isGatesConfigError, isGatesError, parseGates } from '../src/config.ts';

/** An environment `production` with these lines of YAML in it. */
const environment = (...lines: string[]) =>
  [
    'environments:',
    '  production:',
    '    duration: 60',
    ...lines.map((line) => `    ${line}`),
  ].join('\n');
/** The same with one gate, its keys as YAML flow. */
const gate = (keys: string, name = 'p95HashTime') =>
  environment('qualityGates:', `  ${name}: { ${keys} }`);
const health = 'qualityGates: { healthFailures: { threshold: 2 } }';

const broken: (readonly [title: string, text: string, file?: string | undefined])[] = [
  ['an empty file', ''],
  ['a file with nothing but a comment', '# later'],
  ['a list', '[]'],
  ['no environments', '{}'],
  ['environments of none', 'environments: {}'],
  ['environments as text', 'environments: production'],
  ['a key beside environments', `environnments: {}\n${environment(health)}`],
  ['$schema that is no text', `$schema: 1\n${environment(health)}`],
  ['an environment without a name', 'environments: { "1 st": { duration: 1, qualityGates: {} } }'],
  ['an environment of nothing', 'environments:\n  production:'],
  ['no duration', 'environments: { production: { qualityGates: { a: {} } } }'],
  ['no gates', environment()],
  ['gates of none', environment('qualityGates: {}')],
  ['gates as a list', environment('qualityGates: [healthFailures]')],
  ['a misspelt key of an environment', environment(health, 'minCoverge: 0.9')],
  ['a duration of 0', environment(health).replace('60', '0')],
  ['a duration with an unknown unit', environment(health).replace('60', '"3 weeks"')],
  ['a duration that is not a number', environment(health).replace('60', '.nan')],
  ['a cadence below 0', environment(health, 'pollCadence: { initial: -30 }')],
  ['a misspelt key of the cadence', environment(health, 'pollCadence: { inital: 30 }')],
  ['a cadence as a number', environment(health, 'pollCadence: 30')],
  [
    'more polls than fit',
    environment(health, 'pollCadence: { initial: 1ms, initialPeriod: 1d }').replace('60', '1d'),
  ],
  ['coverage in percent', environment(health, 'minCoverage: 90')],
  ['autoRollback and onBreak', environment(health, 'autoRollback: true', 'onBreak: alert')],
  ['autoRollback as text', environment(health, 'autoRollback: "yes"')],
  ['an unknown action', environment(health, 'onBreak: stop')],
  ['a control check that is no address', environment(health, 'health: { control: example }')],
  ['arming with no poll', environment(health, 'arming: { polls: 0 }')],
  ['a gate of nothing', gate('', 'mine')],
  ['a gate that is a number', environment('qualityGates: { p95HashTime: 2000 }')],
  ['a gate with a name that is none', gate('threshold: 2', '"7 %"')],
  ['an unknown kind', gate('kind: ratoi, threshold: 1', 'mine')],
  ['a misspelt key of a gate', gate('treshold: 2000, timeWindow: 15')],
  ['a known gate without a threshold', gate('timeWindow: 15')],
  ['a known gate without a window', gate('threshold: 2000')],
  ['a threshold as text', gate('threshold: "2000", timeWindow: 15')],
  ['a share of 100 %', gate('threshold: 100, timeWindow: 10', 'healthFailureShare')],
  [
    'a ratio over 100 %',
    gate('kind: ratio, bad: b, total: t, threshold: 105, timeWindow: 5', 'mine'),
  ],
  [
    'a ceiling of a share over 100 %',
    gate(
      'kind: ratio, bad: b, total: t, relativeTo: baseline, factor: 3, atMost: 100, timeWindow: 5',
      'mine',
    ),
  ],
  [
    'a floor over the ceiling',
    gate('kind: level, gauge: g, relativeTo: baseline, factor: 3, atLeast: 9, atMost: 5', 'mine'),
  ],
  ['a floor without a baseline', gate('kind: level, gauge: g, threshold: 3, atLeast: 9', 'mine')],
  ['labels without quotes', gate("kind: level, gauge: 'g{a=b}', threshold: 3", 'mine')],
  ['a range', gate('kind: level, gauge: \'g{a="b"}[5m]\', threshold: 3', 'mine')],
  ['a pattern that is none', gate('kind: level, gauge: \'g{a=~"("}\', threshold: 3', 'mine')],
  [
    'a bucket of a histogram',
    gate('kind: quantile, histogram: \'h{le="1"}\', q: 0.9, threshold: 3, timeWindow: 5', 'mine'),
  ],
  ['of: no combination', gate('kind: level, gauge: g, threshold: 3, of: median', 'mine')],
  [
    'of: for counters',
    gate('kind: ratio, bad: b, total: t, threshold: 5, timeWindow: 5, of: sum', 'mine'),
  ],
  [
    'valid: turned round',
    gate('kind: level, gauge: g, threshold: 3, valid: { min: 5, max: 1 }', 'mine'),
  ],
  [
    'absent: other than 0',
    gate('kind: ratio, bad: b, total: t, threshold: 5, timeWindow: 5, absent: 1', 'mine'),
  ],
  ['restarts without a window', gate('kind: restarts, threshold: 2', 'mine')],
  ['a stale time of 0', environment(health, 'stale: 0')],
  ['an infinite threshold', gate('threshold: .inf, timeWindow: 15')],
  [
    'both forms of a ratio',
    gate('rate: r, bad: b, total: t, threshold: 1, timeWindow: 5', 'extractionFailureRate'),
  ],
  ['half of a form', gate('kind: ratio, bad: b, threshold: 1, timeWindow: 5', 'mine')],
  ['a kind without a form', gate('kind: ratio, threshold: 1, timeWindow: 5', 'mine')],
  [
    'a histogram without q',
    gate('kind: quantile, histogram: h, threshold: 1, timeWindow: 5', 'mine'),
  ],
  ['q in percent', gate('threshold: 2000, timeWindow: 15, q: 95')],
  ['a window on a level', gate('threshold: 1000, timeWindow: 5', 'lowConfidenceQueue')],
  ['a confidence on checks', gate('threshold: 2, confidence: 0.99', 'healthFailures')],
  [
    'a confidence of a coin',
    gate('bad: b, total: t, threshold: 1, timeWindow: 5, confidence: 0.5', 'extractionFailureRate'),
  ],
  ['a misspelt known gate', gate('threshold: 2', 'helthFailures')],
  ['an unknown mode', gate('threshold: 2, mode: off', 'healthFailures')],
  ['more of fewer', gate('threshold: 2, for: "5 of 3"', 'healthFailures')],
  ['no data that does nothing', gate('threshold: 2, noData: { then: "ignore" }', 'healthFailures')],
  ['a misspelt key of noData', gate('threshold: 2, noData: { afer: 3 }', 'healthFailures')],
  [
    'a threshold and a baseline',
    gate('threshold: 1, relativeTo: baseline, factor: 3, timeWindow: 5'),
  ],
  ['a baseline without a factor', gate('relativeTo: baseline, timeWindow: 5')],
  ['a factor without a baseline', gate('threshold: 1, factor: 3, timeWindow: 5')],
  ['a comparison without a tolerance', gate('kind: compare, gauge: g', 'mine')],
  ['a scale of 0', gate('threshold: 1, timeWindow: 5, scale: 0')],
  ['several things at once', gate('treshold: 1, timeWindow: soon, mode: watch')],
  ['a key twice', `${environment(health)}\n    duration: 30`],
  ['YAML that is none', 'environments: {'],
  ['much that is no YAML', `environments: }${'x'.repeat(9999)}`],
  ['a tab as indentation', 'environments:\n\tproduction: {}'],
  ['an alias without an anchor', environment('qualityGates: *gates')],
  ['an alias inside what it names', environment('qualityGates: &gates { a: *gates }')],
  [
    'aliases of aliases',
    [
      'a: &a [x, x, x, x, x, x, x, x, x, x, x, x]',
      ...['b', 'c', 'd'].map((name, i) => {
        const inner = `*${'abc'[i]}`;
        return `${name}: &${name} [${new Array(12).fill(inner).join(', ')}]`;
      }),
      'environments: *d',
    ].join('\n'),
  ],
  ['a quantile under 0', gate('threshold: -1, timeWindow: 15')],
  ['a share under 0', gate('threshold: -0.1, timeWindow: 15', 'healthFailureShare')],
  [
    'a ratio under 0',
    gate('bad: b, total: t, threshold: -5, timeWindow: 5', 'extractionFailureRate'),
  ],
  ['a rate under 0', gate('rate: r, threshold: -5, timeWindow: 5', 'extractionFailureRate')],
  ['fewer failures than none', gate('threshold: -1', 'healthFailures')],
  [
    'a metric with a blank in it',
    gate('gauge: "queue length", threshold: 5', 'lowConfidenceQueue'),
  ],
  ['a metric with a blank after it', gate('gauge: "queue ", threshold: 5', 'lowConfidenceQueue')],
  [
    'events with a line end',
    gate('rate: r, events: "a\\nb", threshold: 5, timeWindow: 5', 'extractionFailureRate'),
  ],
  ['JSON with a comma too many', '{ "environments": {\n    "a": 1,\n} }', 'gates.json'],
  ['JSON that stops', '{ "environments": {', 'gates.json'],
  ['YAML that is called JSON', environment(health), 'gates.json'],
];

const messageOf = (text: string, file: string): string => {
  try {
    parseGates(text, { file });
    return 'no error';
  } catch (error) {
    if (!isGatesConfigError(error)) throw error;
    for (const { line, column } of error.issues) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
    return error.message;
  }
};

describe('broken files', () => {
  it.each(broken)('%s', (_title, text = '', file = 'gates.yaml') => {
    const message = messageOf(text, file);
    expect(message).not.toBe('no error');
    expect(`\n${message}\n`).toMatchSnapshot();
  });

  it('are at least thirty', () => expect(broken.length).toBeGreaterThanOrEqual(30));

  it('points at the value in JSON, line and column', () => {
    const text =
      '{\n  "environments": {\n    "canary": { "duration": true, "qualityGates": {} }\n  }\n}\n';
    expect(messageOf(text, 'quality-gates-config.json')).toMatch(
      /^quality-gates-config\.json:3:29 environments\.canary\.duration: /,
    );
  });

  it('takes what a level may be, and labels with blanks', () => {
    const level = gate('gauge: "temp{place=\\"back room\\"}", threshold: -5', 'lowConfidenceQueue');
    expect(messageOf(level, 'gates.yaml')).toBe('no error');
    expect(messageOf(gate('threshold: 0, timeWindow: 5'), 'gates.yaml')).toBe('no error');
  });

  it('reads JSON with tabs', () => {
    const text =
      '{\n\t"environments": {\n\t\t"a": {\n\t\t\t"duration": 1,\n\t\t\t"qualityGates": { "healthFailures": { "threshold": 2 } } } } }';
    expect(messageOf(text, 'gates.json')).toBe('no error');
  });

  it('names the nearest environment', () => {
    const file = parseGates(environment(health), { file: 'gates.yaml' });
    let thrown: unknown;
    try {
      gatesFor(file, 'prodction');
    } catch (error) {
      thrown = error;
    }
    expect(isGatesConfigError(thrown) && thrown.code).toBe('unknown-environment');
    expect(isGatesError(thrown) && thrown.message).toContain('did you mean "production"?');
    expect(() => gatesFor(file, 'toString')).toThrow('known: production');
  });
});
