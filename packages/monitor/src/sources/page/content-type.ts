/** As Go's `mime` has them: RFC 2045's, without its tspecials. */
const token = /[!#$%&'*+\-.^`{|}~\w]+/y;
/** A backslash stands before one of the tspecials, else for itself; a line end is in none. */
const quoted = /"(?:\\[()<>@,;:\\"/[\]?=]|\\(?![()<>@,;:\\"/[\]?=])|[^"\\\r\n])*"/y;
const blanks = /[\t\n\v\f\r \u0085\u00a0]*/y;

/** Where `pattern` ends that begins at `at`; `null`: it does not. */
const endOf = (pattern: RegExp, text: string, at: number): number | null => {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
};

/** Whether what follows the type, from its first semicolon on, is parameters: each name once, with a value. */
const areParameters = (text: string): boolean => {
  const names = new Set<string>();
  const skip = (at: number) => endOf(blanks, text, at) ?? at;
  let at = skip(0);
  while (at < text.length) {
    if (text[at] !== ';') return false;
    at = skip(at + 1);
    // One that stands at the very end is let be.
    if (at === text.length) return true;
    const nameEnd = endOf(token, text, at);
    if (nameEnd === null) return false;
    const name = text.slice(at, nameEnd).toLowerCase();
    at = skip(nameEnd);
    if (text[at] !== '=' || names.has(name)) return false;
    names.add(name);
    at = skip(at + 1);
    const valueEnd = endOf(quoted, text, at) ?? endOf(token, text, at);
    if (valueEnd === null) return false;
    at = skip(valueEnd);
  }
  return true;
};

/**
 * Whether Prometheus 2.42 reads an answer as OpenMetrics. Where the parameters are none, it reads it as text, whatever the
 * type: Go's `mime.ParseMediaType` refuses the whole.
 */
export const isOpenMetrics = (contentType: string | null): boolean => {
  const [type = ''] = contentType?.split(';', 1) ?? [];
  return (
    type.trim().toLowerCase() === 'application/openmetrics-text' &&
    areParameters((contentType ?? '').slice(type.length))
  );
};
