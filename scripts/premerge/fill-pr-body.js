/**
 * What one command of the rehearsal did. `expected` is the exit code that ticks its box; `unable` says why
 * this machine can't run it, which is no failure.
 *
 * @typedef {{ command: string, exit: number, ms: number, expected?: number, unable?: string }} Result
 */

/** @param {Result} result */
export const isAsExpected = ({ exit, expected = 0 }) => exit === expected;

/** @param {Result} result */
const shown = ({ command, exit, ms, expected = 0, unable }) => {
  const asked = expected === 0 ? '' : ` (${expected} is asked for)`;
  const what = `\`${command}\` → exit ${exit}${asked}, ${(ms / 1000).toFixed(1)} s`;
  return unable === undefined ? what : `${what}; not on this machine: ${unable}`;
};

/**
 * Fills the template of a pull request's text: `{{tick:ID}}` is `x` where the command ended as expected, else
 * a space; `{{result:ID}}` its command line, exit code and time; `{{file:NAME}}` is `x` where the bundle holds
 * that file or folder; `{{NAME}}` a fact.
 *
 * @param {string} template
 * @param {{ results: Readonly<Record<string, Result>>, facts: Readonly<Record<string, string>>, files?: readonly string[] }} real
 * @throws {Error} a placeholder that nothing fills, or a result that the template does not show
 */
export const fillPrBody = (template, { results, facts, files = [] }) => {
  const ticked = new Set();
  const text = template.replace(/\{\{(?:(\w+):)?([\w./*-]+)\}\}/g, (placeholder, kind, name) => {
    if (kind === 'file') return files.includes(name) ? 'x' : ' ';
    const result = results[name];
    if (kind === 'tick' && result !== undefined) {
      ticked.add(name);
      return isAsExpected(result) && result.unable === undefined ? 'x' : ' ';
    }
    if (kind === 'result' && result !== undefined) return shown(result);
    const fact = kind === undefined ? facts[name] : undefined;
    if (fact === undefined) throw new Error(`nothing fills ${placeholder} in the template`);
    return fact;
  });
  const untold = Object.keys(results).filter((id) => !ticked.has(id));
  if (untold.length > 0) throw new Error(`the template has no {{tick:…}} for ${untold.join(', ')}`);
  return text;
};
