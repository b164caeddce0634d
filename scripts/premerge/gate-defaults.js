/** What was agreed for production when the tool was taken on; a branch that says otherwise tunes it. */
export const agreed = {
  duration: 60,
  pollCadence: { initial: 30, normal: 120, initialPeriod: 5 },
  autoRollback: true,
  qualityGates: {
    healthFailures: { threshold: 2 },
    extractionFailureRate: { threshold: 5, timeWindow: 10 },
    p95HashTime: { threshold: 2000, timeWindow: 15 },
    lowConfidenceQueue: { threshold: 1000 },
  },
};

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Each leaf with its path. @param {unknown} value @param {string} [path] @returns {[string, unknown][]} */
const leaves = (value, path = '') =>
  isObject(value)
    ? Object.entries(value).flatMap(([name, inner]) =>
        leaves(inner, path === '' ? name : `${path}.${name}`),
      )
    : [[path, value]];

/** @param {unknown} root @param {string} path */
const at = (root, path) =>
  path
    .split('.')
    .reduce(
      (/** @type {unknown} */ found, name) => (isObject(found) ? found[name] : undefined),
      root,
    );

/**
 * A row of a Markdown table for each agreed value: what was agreed, what this branch says, whether that is
 * the same. Then a row for each gate that is there beside the agreed ones.
 *
 * @param {{ qualityGates?: Record<string, unknown> }} production
 */
export const gateTable = (production) => {
  const rows = leaves(agreed).map(([path, value]) => {
    const now = at(production, path);
    const said = now === undefined ? '(not there)' : String(now);
    return `| \`${path}\` | ${String(value)} | ${said} | ${now === value ? 'as agreed' : '**tuned**'} |`;
  });
  const more = Object.keys(production.qualityGates ?? {})
    .filter((name) => !(name in agreed.qualityGates))
    .map((name) => `| \`qualityGates.${name}\` | – | there too | in addition |`);
  return [...rows, ...more].join('\n');
};
