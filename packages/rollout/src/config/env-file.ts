/** A line of an env file that can't be read, or what the file says. */
export type EnvFile =
  | { readonly kind: 'read'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'bad-line'; readonly line: number; readonly message: string };

const assignment = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$/s;
const quoted = /^(["'])(.*)\1[ \t]*(?:#.*)?$/s;

/** In double quotes only these mean something else than themselves. */
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  '"': '"',
  '\\': '\\',
  $: '$',
};

const writtenValue = (written: string): string | null => {
  const [, quote, inner = ''] = quoted.exec(written) ?? [];
  if (quote === "'") return inner.includes("'") ? null : inner;
  if (quote === '"')
    return /(?:^|[^\\])(?:\\\\)*"/.test(inner)
      ? null
      : inner.replace(/\\(.)/g, (whole, character: string) => escapes[character] ?? whole);
  if (/^["']/.test(written)) return null;
  // A comment needs a space before it: a password may hold the sign.
  return written.replace(/[ \t]+#.*$/, '').trimEnd();
};

/**
 * Reads lines of NAME=value: no variables are put in and nothing is run. `#` begins a comment on a line of its own or
 * after a space; `'…'` is taken as it stands; `"…"` knows \n, \t, \", \\ and \$; `export` before a name is allowed.
 * Messages never repeat a value.
 */
export const parseEnvFile = (text: string): EnvFile => {
  const values: Record<string, string> = {};
  const seen = new Map<string, number>();
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const bad = (message: string): EnvFile => ({ kind: 'bad-line', line: index + 1, message });
    const [, name, written] = assignment.exec(line) ?? [];
    if (name === undefined || written === undefined)
      return bad('is no NAME=value: a name holds letters, digits and _, and begins with no digit');
    const before = seen.get(name);
    if (before !== undefined) return bad(`sets ${name} again: line ${before} did`);
    const value = writtenValue(written);
    if (value === null)
      return bad(`${name}: its quotes do not match; a value ends on the line that it begins on`);
    if (value.includes('\0')) return bad(`${name}: a value can't hold a null character`);
    seen.set(name, index + 1);
    values[name] = value;
  }
  return { kind: 'read', values };
};
