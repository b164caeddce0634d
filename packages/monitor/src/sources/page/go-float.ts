const digit = (code: number): boolean => code >= 48 && code <= 57;

/** Where the digits that begin at `at` end. */
const skipDigits = (text: string, at: number): number => {
  let end = at;
  while (digit(text.charCodeAt(end))) end += 1;
  return end;
};

const isDecimal = (text: string): boolean => {
  let at = text[0] === '+' || text[0] === '-' ? 1 : 0;
  const whole = skipDigits(text, at);
  let digits = whole - at;
  at = whole;
  if (text[at] === '.') {
    const fraction = skipDigits(text, at + 1);
    digits += fraction - at - 1;
    at = fraction;
  }
  if (digits === 0) return false;
  if (text[at] === 'e' || text[at] === 'E') {
    at += text[at + 1] === '+' || text[at + 1] === '-' ? 2 : 1;
    const exponent = skipDigits(text, at);
    if (exponent === at) return false;
    at = exponent;
  }
  return at === text.length;
};

const words: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/**
 * A number as Prometheus takes it: Go's ParseFloat without hexadecimal and underscores. `null` where it is
 * none, or out of range. In one pass: a pattern for this is quadratic on a line of digits that ends in a letter.
 */
export const parseGoFloat = (text: string): number | null => {
  if (isDecimal(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : null;
  }
  return text.length > '+infinity'.length ? null : (words[text.toLowerCase()] ?? null);
};
