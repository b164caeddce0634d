/** C0 and C1 but tab and newline, and what turns the direction of writing. */
const unseen = /(?![\t\n])\p{Cc}|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/**
 * A text from outside as a terminal may show it: what would move the cursor, colour or hide other text
 * stands there as `\x1b`. Lines stay lines.
 */
export const visible = (text: string): string =>
  text.replace(unseen, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
