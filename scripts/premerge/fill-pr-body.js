/**
 * What one command of the rehearsal did.
 *
 * @typedef {{ command: string, exit: number, ms: number }} Result
 */

/** @param {Result} result */
const shown = ({ command, exit, ms }) =>
  `\`${command}\` → exit ${exit}, ${(ms / 1000).toFixed(1)} s`;

/**
 * Fills the template of a pull request's text: `{{tick:ID}}` is `x` where the command exited 0, else
 * a space; `{{result:ID}}` its command line, exit code and time; `{{NAME}}` a fact.
 *
 * @param {string} template
 * @param {{ results: Readonly<Record<string, Result>>, facts: Readonly<Record<string, string>> }} real
 * @throws {Error} a placeholder that nothing fills, or a result that the template does not show
 */
export const fillPrBody = (template, { results, facts }) => {
  const ticked = new Set();
  const text = template.replace(/\{\{(?:(\w+):)?([\w-]+)\}\}/g, (placeholder, kind, name) => {
    const result = results[name];
    if (kind === 'tick' && result !== undefined) {
      ticked.add(name);
      return result.exit === 0 ? 'x' : ' ';
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
