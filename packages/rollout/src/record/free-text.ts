/**
 * Fields that hold words: what a command printed, an error said, a person gave as a reason. Secrets are masked in
 * them and nowhere else: every other text is a fact that is read again, and a masked path or name would be another.
 */
const wordsFields: ReadonlySet<string> = new Set([
  'error',
  'message',
  'output',
  'problem',
  'reason',
  'reasons',
  'seen',
  'sentence',
  'sentences',
  'state',
  'summary',
  'warnings',
  'why',
]);

const maskAll = (value: unknown, mask: (text: string) => string): unknown => {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskAll(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskAll(item, mask)]));
};

/** The same value with its words masked, at any depth; facts and keys stay as they are. Pure. */
export const maskWords = <T>(value: T, mask: (text: string) => string): T => {
  const walk = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(walk);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, item]) => [
        key,
        wordsFields.has(key) ? maskAll(item, mask) : walk(item),
      ]),
    );
  };
  return walk(value) as T;
};
