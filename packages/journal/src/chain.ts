import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical-json.ts';
import { JournalError } from './errors.ts';
import type { Json } from './json.ts';

/** What a caller adds: a type, and any fields but `seq`, `at`, `prev`, `hash` and `format`. */
export type NewEvent = { type: string; [field: string]: Json };

/** A line of a journal. */
export type JournalEvent = NewEvent & {
  /** 1 for the first line, then one more each. */
  seq: number;
  /** ISO 8601, UTC, with milliseconds. */
  at: string;
  /** `hash` of the line before; 64 zeros in the first. */
  prev: string;
  /** SHA-256, lower-case hex, of the canonical JSON (RFC 8785) of the line without `hash`. */
  hash: string;
};

/** The only format there is so far; the first line carries it. */
const journalFormat = 1;
/** What the first line names as the hash before it. */
const genesis = '0'.repeat(64);

/** The newest line, or the place before the first one. */
export type ChainEnd = { readonly seq: number; readonly hash: string };
export const chainStart: ChainEnd = { seq: 0, hash: genesis };

const reserved = ['seq', 'at', 'prev', 'hash', 'format'];

/**
 * @noble/hashes and not node:crypto: lines are short, so its speed doesn't matter, it is synchronous
 * everywhere, and the same code checks a journal in a browser's report page.
 */
const hashOf = (line: Omit<JournalEvent, 'hash'>): string =>
  bytesToHex(sha256(utf8ToBytes(canonicalJson(line as Json))));

/**
 * Texts that came from outside (a command's output cut in the middle of a character) get U+FFFD for
 * half a character: canonical JSON has no form for it, and a record must not stop a rollback for it.
 */
const toWellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD');

const wellFormed = (value: Json): Json => {
  if (typeof value === 'string') return toWellFormed(value);
  if (Array.isArray(value)) return value.map(wellFormed);
  // What is no plain object is left for canonicalJson to refuse.
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [toWellFormed(key), wellFormed(item)]),
  );
};

/**
 * Makes the line that follows `end`.
 * @throws JournalError `not-json` where the event can't be written as JSON or brings a reserved field.
 */
export const sealEvent = (end: ChainEnd, at: string, event: NewEvent): JournalEvent => {
  const taken = reserved.find((field) => field in event);
  if (taken !== undefined)
    throw new JournalError('not-json', `an event may not bring "${taken}": the journal writes it`, {
      field: taken,
    });
  const { type, ...fields } = wellFormed(event) as NewEvent;
  const line = {
    seq: end.seq + 1,
    at,
    prev: end.hash,
    ...(end.seq === 0 ? { format: journalFormat } : {}),
    type,
    ...fields,
  };
  return { ...line, hash: hashOf(line) };
};

/** The text of a line, with its newline. */
export const formatLine = (event: JournalEvent): string => `${JSON.stringify(event)}\n`;

/** What a journal's bytes hold. */
export type ParsedJournal = {
  readonly events: JournalEvent[];
  /** True where the last line lacks its newline: its write was cut off. It is not among the events. */
  readonly torn: boolean;
  /** Length of the whole lines, bytes: where a torn line is to be cut off. */
  readonly wholeBytes: number;
};

const newline = 0x0a;

/**
 * Reads and checks a whole journal. A line that ends in a newline and doesn't verify is an error,
 * wherever it stands; only a last line without its newline may be unfinished.
 *
 * @throws JournalError `broken` (naming file and line) or `unknown-format`.
 */
export const parseJournal = (bytes: Uint8Array, file: string): ParsedJournal => {
  const wholeBytes = bytes.lastIndexOf(newline) + 1;
  const events: JournalEvent[] = [];
  let end = chainStart;
  for (let from = 0; from < wholeBytes; ) {
    const to = bytes.indexOf(newline, from);
    const event = checkLine(bytes.subarray(from, to), end, file);
    events.push(event);
    end = event;
    from = to + 1;
  }
  return { events, torn: wholeBytes < bytes.length, wholeBytes };
};

const checkLine = (bytes: Uint8Array, end: ChainEnd, file: string): JournalEvent => {
  const line = end.seq + 1;
  const broken = (what: string, cause?: unknown) =>
    new JournalError(
      'broken',
      `${file}:${line} does not verify: ${what}. The record was changed after it was written, or the disk lost part of it; keep the file, and restore it from a copy if there is one`,
      { file, line },
      { cause },
    );
  const { text, value } = decode(bytes, broken);
  if (line === 1 && value['format'] !== journalFormat)
    throw new JournalError(
      'unknown-format',
      `${file} has format ${JSON.stringify(value['format']) ?? 'none'}; this version reads format ${journalFormat} only`,
      { file, line },
    );
  const { seq, at, prev, hash, type } = value;
  if (seq !== line) throw broken(`expected seq ${line}, got ${JSON.stringify(seq)}`);
  if (prev !== end.hash) throw broken(`expected prev ${end.hash}, got ${JSON.stringify(prev)}`);
  if (typeof type !== 'string' || typeof at !== 'string' || typeof hash !== 'string')
    throw broken('it lacks type, at or hash');
  const { hash: _, ...rest } = value;
  const event = { ...rest, seq: line, at, prev: end.hash, type };
  const expected = hashOrBroken(event, broken);
  if (hash !== expected) throw broken(`its hash is ${expected}, but it says ${hash}`);
  // The hash covers the value; this covers the text: no added space, no key given twice.
  if (text !== JSON.stringify(value)) throw broken('its text is not as the journal writes it');
  return value as JournalEvent;
};

const hashOrBroken = (
  event: Omit<JournalEvent, 'hash'>,
  broken: (what: string, cause?: unknown) => JournalError,
): string => {
  try {
    return hashOf(event);
  } catch (cause) {
    throw broken('it holds what the journal never writes', cause);
  }
};

const decode = (
  bytes: Uint8Array,
  broken: (what: string, cause?: unknown) => JournalError,
): { text: string; value: Record<string, Json> } => {
  try {
    // ignoreBOM keeps a byte order mark in the text, where it is refused like any other addition.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text) as Json;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { text, value };
  } catch (cause) {
    throw broken('it is not JSON in UTF-8', cause);
  }
  throw broken('it is not a JSON object');
};

/** Prints a place in the chain as `seq:hash`, the form that messages and summaries carry. */
export const formatHead = ({ seq, hash }: ChainEnd): string => `${seq}:${hash}`;

/**
 * Checks that a journal holds the line that a head names: whole lines cut off the end show only so.
 * @throws JournalError `bad-head` for a text that is no head, `head-differs` where the line is gone
 * or is another.
 */
export const checkHead = (events: readonly JournalEvent[], head: string, file: string): void => {
  const match = /^(0|[1-9][0-9]{0,15}):([0-9a-f]{64})$/.exec(head);
  if (match === null)
    throw new JournalError(
      'bad-head',
      `"${head}" is no head; expected seq:hash, as in 12:${'ab'.repeat(3)}…`,
      { head },
    );
  const seq = Number(match[1]);
  const got = seq === 0 ? genesis : events[seq - 1]?.hash;
  if (got === match[2]) return;
  throw new JournalError(
    'head-differs',
    got === undefined
      ? `${file} ends at line ${events.length}, but the head ${head} went out: ${seq - events.length} line(s) were cut off its end`
      : `${file}:${seq} has the hash ${got}, but the head ${head} went out: it is another record`,
    { file, line: seq, head },
  );
};
