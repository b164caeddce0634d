/** A text in quotes, as a pattern without groups. */
export const quotedPattern = `"(?:[^"\\\\]|\\\\[^])*"|'(?:[^'\\\\]|\\\\[^])*'|\`[^\`]*\``;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/**
 * What stands in such a text. An escape that is none (`\.`) is kept with its backslash, as a regular
 * expression wants it; between backticks there are none.
 */
export const unquoted = (quoted: string): string => {
  const inside = quoted.slice(1, -1);
  return quoted.startsWith('`')
    ? inside
    : inside.replace(/\\(.)/gs, (all, char: string) =>
        '\\"\''.includes(char) ? char : (escapes[char] ?? all),
      );
};
