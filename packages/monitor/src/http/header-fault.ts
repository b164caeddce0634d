/** What `fetch` takes in a header: bytes, no control characters. Its own message would quote the value, which may be a secret. */
const value = /^[\t\x20-\x7e\x80-\xff]*$/;
const name = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Why these can't be sent as headers, or `null`; says no value. */
export const headerFault = (headers: Readonly<Record<string, string>>): string | null => {
  for (const [header, text] of Object.entries(headers)) {
    if (!name.test(header)) return `${JSON.stringify(header)} is no name of a header`;
    if (!value.test(text))
      return `header ${header}: its value holds a line feed or a character that no header can hold`;
  }
  return null;
};
