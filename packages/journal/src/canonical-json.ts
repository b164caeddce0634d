import { JournalError } from './errors.ts';
import type { Json } from './json.ts';

/**
 * The one text of a value after RFC 8785 (JSON Canonicalization Scheme): no space, object keys in
 * UTF-16 order, numbers and strings as ECMAScript writes them.
 *
 * @throws JournalError `not-json` for what JSON can't hold: NaN, infinities, `undefined`, functions,
 * bigints, class instances, and strings with a lone surrogate (RFC 8785, 3.2.2.2).
 * @example canonicalJson({ b: 1, a: [true, null] }) // '{"a":[true,null],"b":1}'
 */
export const canonicalJson = (value: Json): string => write(value, '$');

/** In unicode mode a surrogate matches only where it lacks its other half. */
const loneSurrogate = /\p{Surrogate}/u;

const refuse = (at: string, what: string): never => {
  throw new JournalError('not-json', `${at} is ${what}, which JSON can't hold`, { at });
};

const write = (value: unknown, at: string): string => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? JSON.stringify(value) : refuse(at, String(value));
  if (typeof value === 'string') {
    return loneSurrogate.test(value)
      ? refuse(at, 'a text with half a character')
      : JSON.stringify(value);
  }
  if (Array.isArray(value))
    return `[${Array.from(value, (item, index) => write(item, `${at}[${index}]`)).join(',')}]`;
  if (isPlainObject(value)) {
    // Array.prototype.sort without a comparator orders by UTF-16 code units, as RFC 8785 3.2.3 asks.
    const members = Object.keys(value)
      .sort()
      .map((key) => `${write(key, `a key of ${at}`)}:${write(value[key], `${at}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  return refuse(at, value === undefined ? 'undefined' : `a ${typeof value}`);
};

const isPlainObject = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
