const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** What a duration looks like; also the pattern of the JSON Schema. */
export const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** Longest that Node's timers can wait, ms: above it they fire at once. */
const longestMs = 2 ** 31 - 1;

/** `500ms`, `5s`, `10m`, `2h` in ms; `null` where it is none of these, is zero or is above 24.8 days. */
export const parseDuration = (text: string): number | null => {
  const match = durationPattern.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  return ms > 0 && ms <= longestMs ? ms : null;
};
