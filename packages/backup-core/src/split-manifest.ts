import { byteList } from './zip/byte-list.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

const KEY = Buffer.from('entries');
/** Takes the text of a manifest in parts. */
export interface ManifestSplitter {
  /** The part may be overwritten afterwards. */
  push(part: Buffer): void;
  /** The text with the placeholder, as a string of JSON, in the place of each entry. */
  frame(): string;
}

/**
 * Cuts the text of a manifest into the objects of its top-level array `entries` and the frame around them, so that it
 * is never whole in memory. It judges nothing: the text is JSON with such an array if, and only if, each object and the
 * frame are, and the array is as many placeholders in the frame as there were objects.
 *
 * @param placeholder what nobody who wrote the text could know: else an array beside the first could be of them
 */
export const manifestSplitter = (
  placeholder: string,
  onEntry: (text: string) => void,
): ManifestSplitter => {
  const standIn = Buffer.from(JSON.stringify(placeholder));
  const frame = byteList();
  let entry: Buffer[] = [];
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isInList = false;
  let isInEntry = false;
  /** Bytes of the last string at the top level that are those of the key; -1: it is another. */
  let matched = -1;

  const readString = (byte: number): void => {
    if (isEscaped) isEscaped = false;
    else if (byte === BACKSLASH) isEscaped = true;
    else if (byte === QUOTE) {
      isInString = false;
      return;
    }
    if (depth === 1) matched = matched >= 0 && byte === KEY[matched] ? matched + 1 : -1;
  };
  const startString = (): void => {
    isInString = true;
    if (depth === 1) matched = 0;
  };
  /** Whether it opens an entry. */
  const open = (byte: number): boolean => {
    if (depth === 1) isInList = byte === OPEN_ARRAY && matched === KEY.length;
    depth += 1;
    return depth === 3 && isInList && byte === OPEN_OBJECT;
  };
  /** Whether it closes an entry. */
  const close = (): boolean => {
    depth -= 1;
    return depth === 2 && isInEntry;
  };

  return {
    push: (part) => {
      let from = 0;
      for (let at = 0; at < part.length; at++) {
        const byte = part[at] ?? 0;
        if (isInString) readString(byte);
        else if (byte === QUOTE) startString();
        else if ((byte === OPEN_OBJECT || byte === OPEN_ARRAY) && open(byte)) {
          frame.push(part.subarray(from, at));
          frame.push(standIn);
          isInEntry = true;
          from = at;
        } else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && close()) {
          const end = part.subarray(from, at + 1);
          onEntry((entry.length === 0 ? end : Buffer.concat([...entry, end])).toString());
          entry = [];
          isInEntry = false;
          from = at + 1;
        }
      }
      const rest = part.subarray(from);
      if (isInEntry) entry.push(Buffer.from(rest));
      else frame.push(rest);
    },
    // An entry that never ended is not left out: the text is no JSON.
    frame: () => Buffer.concat([...frame.blocks(), ...entry]).toString(),
  };
};
