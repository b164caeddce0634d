/** Stands where a secret was. */
const mask = '***';

/** Shapes of secrets that are masked wherever they stand, known or not. NOTIFY.md 4.1. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [
    /(https:\/\/hooks\.slack(?:-gov)?\.com\/)(?:services|workflows|triggers)\/[^\s"'<>)\]|]+/gi,
    `$1${mask}`,
  ],
  [
    /(https:\/\/(?:ptb\.|canary\.)?discord(?:app)?\.com\/)api(?:\/v\d+)?\/webhooks\/\d+\/[\w-]+/gi,
    `$1${mask}`,
  ],
  [/(https:\/\/[\w.-]*webhook\.office\.com\/)[^\s"'<>)\]|]+/gi, `$1${mask}`],
  [
    /([?&](?:sig|token|key|code|access_token|api_key|apikey|password|secret|signature)=)[^&\s"'<>)\]|#]+/gi,
    `$1${mask}`,
  ],
  // Found by its ://, not by its scheme: from each letter of a long word a search for one would run to the word's end.
  [/(?<=[a-z0-9+.-])(:\/\/)[^\s/?#@:"'<>]*:[^\s/?#"'<>]*@/gi, `$1${mask}@`],
  [/\b(Bearer|Basic|GenieKey)\s+[A-Za-z0-9._~+/=-]{6,}/g, `$1 ${mask}`],
  [/whsec_[A-Za-z0-9+/=_-]+/g, mask],
  [/whsk_[A-Za-z0-9+/=_-]+/g, mask],
  [/xox[abeprs]-[A-Za-z0-9-]+/g, mask],
];

/** Parts of vendors' addresses that are the same for everyone, so no secrets. */
const publicParts = new Set([
  'services',
  'workflows',
  'triggers',
  'webhooks',
  'webhookb2',
  'incomingwebhook',
  'powerautomate',
  'automations',
  'notifications',
  'messages',
]);
const publicQueries = new Set(['api-version', 'sp', 'sv', 'wait', 'thread_id']);

/** Shorter than this is a word, not a secret: masking it would only garble texts. */
const shortestSecret = 4;
const shortestPiece = 8;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: it stands for itself.
    return text;
  }
};

const piecesOf = (secret: string): string[] => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(secret) || !URL.canParse(secret)) return [];
  const url = new URL(secret);
  const path = url.pathname.split('/').filter((piece) => !publicParts.has(piece.toLowerCase()));
  const query = [...url.search.slice(1).split('&')]
    .map((pair) => pair.split('='))
    .filter(([key]) => !publicQueries.has((key ?? '').toLowerCase()))
    .map(([, ...value]) => value.join('='));
  const long = [...path, ...query].filter((piece) => piece.length >= shortestPiece);
  const credentials = [url.password, decoded(url.password)];
  const auth = `\u0000${decoded(url.username)}\u0000${decoded(url.password)}`;
  return [
    ...long,
    ...long.map(decoded),
    ...(url.password === '' ? [] : [...credentials, ...credentials.map(base64), base64(auth)]),
    ...(url.pathname.length > 1 ? [url.pathname + url.search] : []),
  ];
};

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

const variantsOf = (secret: string): string[] =>
  [secret, ...piecesOf(secret)].flatMap((text) => [
    text,
    encodeURIComponent(text),
    base64(text),
    base64(text).replace(/=+$/, ''),
    // As it stands inside a JSON text.
    JSON.stringify(text).slice(1, -1),
  ]);

/** Every text that is masked because of these secrets: they themselves, their parts and other spellings. */
export const secretTexts = (secrets: readonly string[]): string[] =>
  [...new Set(secrets.filter((secret) => secret !== '').flatMap(variantsOf))].filter(
    (text) => text.length >= shortestSecret,
  );

/**
 * A function that masks the given secrets (as they are, URL-encoded, base64, and the parts of a URL
 * that can be secret) and everything that has the shape of a webhook address, a token or a password
 * in a URL. Exact matches are the reliable part; shapes are the net below.
 *
 * @param facts names and paths that stay readable: a secret, or a part of one, that stands in them is masked nowhere
 *   but in an address
 */
export const redactor = (
  secrets: readonly string[],
  facts: readonly string[] = [],
): ((text: string) => string) => {
  const exact = secretTexts(secrets)
    .filter((text) => !facts.some((fact) => fact.includes(text)))
    // A longer secret first: a shorter one inside it must not leave its rest.
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const secret of exact) masked = masked.replaceAll(secret, mask);
    for (const [shape, replacement] of shapes) masked = masked.replace(shape, replacement);
    return masked;
  };
};
