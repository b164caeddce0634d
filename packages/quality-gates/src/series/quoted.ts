/** A text and how far it was read. */
export type Text = { readonly text: string; at: number };

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/**
 * Reads a text in quotes and what is escaped in it; `null` where there is none or it has no end. An
 * escape that is none (`\.`) is kept with its backslash, as a regular expression wants it.
 */
export const readQuoted = (from: Text): string | null => {
  const quote = from.text[from.at];
  if (quote !== '"' && quote !== "'" && quote !== '`') return null;
  let value = '';
  for (let at = from.at + 1; at < from.text.length; at++) {
    const char = from.text[at] ?? '';
    if (char === quote) {
      from.at = at + 1;
      return value;
    }
    if (char !== '\\' || quote === '`') {
      value += char;
      continue;
    }
    const next = from.text[at + 1];
    if (next === undefined) return null;
    value += escapes[next] ?? `\\${next}`;
    at += 1;
  }
  return null;
};
