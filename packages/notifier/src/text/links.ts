/** A link that may be made clickable: absolute http(s), no user or password in it. */
export const safeUrl = (
  text: string,
  schemes: readonly string[] = ['https:', 'http:'],
): string | null => {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return schemes.includes(url.protocol) && url.username === '' && url.password === ''
    ? url.href
    : null;
};
