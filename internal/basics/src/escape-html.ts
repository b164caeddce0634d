const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Marks that turn the direction of writing: they would show other words than those that stand there. */
const turning = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/**
 * Text from outside, safe as text and inside a quoted attribute. A control character becomes a space; what would turn
 * the direction of writing becomes U+FFFD.
 */
export const escapeHtml = (text: string): string =>
  text
    .replace(/(?![\t\n\r])\p{Cc}/gu, ' ')
    .replace(turning, '\uFFFD')
    .replace(/[&<>"']/g, (char) => entities[char] ?? char);
