/**
 * What the body of a 2xx says became of a message. `unclear`: it says neither; a page, an empty body,
 * JSON about something else.
 */
export type Said =
  | { readonly kind: 'taken'; readonly id: string | null }
  /** `status`: an HTTP status that the body names; null: none. */
  | { readonly kind: 'refused'; readonly word: string; readonly status: number | null }
  | { readonly kind: 'unclear' };

type Fields = Readonly<Record<string, unknown>>;

/** Words of success: Slack and Mattermost say `ok`, Zulip `success`, a connector of Teams `1`. */
const good = /^(?:ok|okay|success|successful|succeeded|true|1|accepted|created|delivered|sent)$/i;
/** `Message sent successfully`: whole sentences of success, and nothing but success. */
const goodSentence =
  /^(?:(?:the |your )?(?:message|notification|webhook|request|event|post|card)s? )?(?:(?:was|has been|is|were) )?(?:successfully )?(?:sent|delivered|posted|accepted|created|received|queued|processed)(?: (?:successfully|ok))?$/i;
const bad =
  /^(?:error|err|fail|failed|failure|false|0|ko|nok|denied|rejected|refused|invalid|unauthorized|forbidden)$/i;

/** Yes or no fields: Slack and Telegram `ok`, Rocket.Chat and Synology `success`. */
const verdicts = ['ok', 'success', 'succeeded', 'successful'];
/** Fields with a word: Zulip `result`, Mattermost and Nextcloud `status`. */
const states = ['result', 'status', 'state', 'outcome'];
/** Numbers that are 0 for success: DingTalk and WeCom `errcode`, Feishu `code`. */
const codes = ['code', 'errcode', 'err_code', 'errorcode', 'error_code', 'retcode', 'statuscode'];
/** Texts that may hold nothing but a word of success. */
const words = ['message', 'msg', 'text', 'errmsg', 'statusmessage', 'body', 'response'];
/** What an answer may be wrapped in: Nextcloud's `ocs`, a gateway's `body`. */
const wrappers = [
  ...['data', 'response', 'result', 'body', 'ocs', 'meta', 'payload', 'status'],
  ...['message', 'post'],
];
/** How a receiver calls what it made of a message; `name`: Google Chat's `spaces/…/messages/…`. */
const ids = ['id', 'message_id', 'messageid', 'msgid', 'ts', 'uid', 'uuid', 'name'];

const deepest = 4;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unclear: Said = { kind: 'unclear' };
const taken = (id: string | null = null): Said => ({ kind: 'taken', id });
const refused = (word: string, status: number | null = null): Said => ({
  kind: 'refused',
  word,
  status,
});

/** `' "OK".\n'` → `OK`. */
const bare = (text: string): string => text.trim().replace(/^["']+|["'.!]+$/g, '');

const numberOf = (value: unknown): number | null =>
  typeof value === 'number'
    ? value
    : typeof value === 'string' && /^-?\d+$/.test(value.trim())
      ? Number(value)
      : null;

/** Zero and HTTP's own successes; below 100 any other number is some vendor's error. */
const ofCode = (code: number): Said =>
  code === 0 || (code >= 200 && code < 300)
    ? taken()
    : refused(`code ${code}`, code >= 300 && code < 600 ? code : null);

const wordOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (isFields(value)) return wordOf(value['message'] ?? value['code'] ?? '');
  return '';
};

/** Something stands in a field that is there for errors only. */
const holdsError = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length > 0;
  if (isFields(value)) return Object.keys(value).length > 0;
  if (typeof value === 'string') return !/^\s*(?:0|none|null|no|false|ok)?\s*$/i.test(value);
  return value !== undefined && value !== null && value !== false && value !== 0;
};

const ofWord = (text: string): Said => {
  const word = bare(text);
  if (good.test(word) || goodSentence.test(word)) return taken();
  return bad.test(word) ? refused(word) : unclear;
};

/** A yes or a no: `true`, `"true"`, 1. */
const ofVerdict = (value: unknown): Said =>
  typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string'
    ? ofWord(String(value))
    : unclear;

/** A word, or an HTTP status; what 0 and 1 mean here differs from vendor to vendor. */
const ofState = (value: unknown): Said => {
  const code = numberOf(value);
  if (code !== null) return code >= 100 ? ofCode(code) : unclear;
  return ofVerdict(value);
};

/** One that refuses decides; else one that took it does. */
const strictest = (all: readonly Said[]): Said =>
  all.find(({ kind }) => kind === 'refused') ?? all.find(({ kind }) => kind === 'taken') ?? unclear;

const idIn = (fields: ReadonlyMap<string, unknown>): string | null => {
  for (const name of ids) {
    const value = fields.get(name);
    if (name === 'name' && !/^spaces\/.+\/messages\/.+/.test(String(value))) continue;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return null;
};

const ofFields = (object: Fields, depth: number): Said => {
  const fields = new Map(
    Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const found: Said[] = [];
  const error = ['error', 'errors', 'err', 'exception', 'fault'].find((name) =>
    holdsError(fields.get(name)),
  );
  if (error !== undefined) {
    const held = fields.get(error);
    const status = numberOf(
      (isFields(held) ? (held['code'] ?? held['status']) : undefined) ??
        fields.get('status') ??
        fields.get('statuscode') ??
        fields.get('status_code'),
    );
    const isHttp = status !== null && status >= 400 && status < 600;
    found.push(refused(wordOf(held) || error, isHttp ? status : null));
  }
  for (const name of verdicts) if (fields.has(name)) found.push(ofVerdict(fields.get(name)));
  for (const name of states) if (!isFields(fields.get(name))) found.push(ofState(fields.get(name)));
  for (const name of [...codes, 'status_code']) {
    const code = numberOf(fields.get(name));
    if (code !== null) found.push(ofCode(code));
  }
  for (const name of words) {
    const value = fields.get(name);
    const said = typeof value === 'string' ? ofWord(value) : unclear;
    if (said.kind === 'taken') found.push(said);
  }
  for (const name of wrappers) {
    const value = fields.get(name);
    if (typeof value === 'object' && value !== null) found.push(ofJson(value, depth + 1));
  }
  const said = strictest(found);
  if (said.kind === 'refused') return said;
  const id = idIn(fields) ?? (said.kind === 'taken' ? said.id : null);
  return id === null ? said : taken(id);
};

const ofJson = (json: unknown, depth: number): Said => {
  if (depth > deepest) return unclear;
  if (typeof json !== 'object') return ofVerdict(json);
  if (Array.isArray(json))
    return strictest(json.slice(0, 20).map((item) => ofJson(item, depth + 1)));
  return isFields(json) ? ofFields(json, depth) : unclear;
};

/**
 * Reads the body of a 2xx from a chat: Slack's `ok` in any case and with space around it, and what the
 * chats that take the same messages answer instead (Rocket.Chat, Mattermost, Zulip, Google Chat, Feishu).
 * A sign of failure beats every sign of success. Field names count in any case.
 * @param json the parsed body; undefined: it is no JSON.
 */
export const saidInSuccess = (text: string, json: unknown): Said =>
  json === undefined ? ofWord(text) : ofJson(json, 0);
