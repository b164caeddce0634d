/**
 * Which names an archive may hold: those that mean the same file on every system. One rule for the writer
 * (what breaks it is stored under another name) and the reader (what breaks it is refused).
 */

import { shownName } from '../shown-name.ts';
import { recordList } from '../table/record-list.ts';
import { rowIndex } from '../table/row-index.ts';

const MAX_COMPONENT_BYTES = 255;
const MAX_PATH_BYTES = 1024;
const MAX_DEPTH = 32;

// Windows reserves these with any extension, in any case.
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/** Whether a text is the same in ASCII, Latin-1, UTF-8 and every Unicode normal form. */
export const isAscii = (text: string): boolean => ASCII.test(text);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a name in UTF-8, or null where its bytes are none. */
export const nameOf = (bytes: Buffer): string | null => {
  try {
    return utf8.decode(bytes);
  } catch {
    // Names on Linux are bytes; those of another encoding are no text.
    return null;
  }
};

/** Why a name is not portable, or null where it is. `name` uses `/` and is relative. */
export const nameProblem = (name: string): string | null => {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'holds a NUL';
  if (CONTROL.test(name)) return 'holds a control character';
  if (!isAscii(name)) {
    if (BIDI.test(name)) return 'holds a character that changes the direction of text';
    if (Buffer.from(name).toString() !== name) return 'is not valid Unicode';
    if (name.normalize('NFC') !== name) return 'is not in Unicode normal form C';
  }
  if (name.startsWith('/')) return 'is absolute';
  if (/^[a-z]:/i.test(name)) return 'starts with a drive letter';
  if (name.includes('\\')) return 'holds a backslash';
  if (name.includes(':')) return 'holds a colon';
  if (Buffer.byteLength(name) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`;
  const components = name.split('/');
  if (components.length > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
  for (const component of components) {
    if (component === '') return 'has an empty component';
    if (component === '.' || component === '..') return `has the component "${component}"`;
    if (Buffer.byteLength(component) > MAX_COMPONENT_BYTES)
      return `has a component of more than ${MAX_COMPONENT_BYTES} bytes`;
    if (/[. ]$/.test(component)) return 'has a component that ends with a dot or a space';
    if (DEVICE.test(component)) return 'is the name of a Windows device';
  }
  return null;
};

/** Two names with the same key are one file somewhere: case and compatibility forms folded. */
const foldedName = (name: string): string =>
  isAscii(name)
    ? name.toLowerCase()
    : name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** Names seen so far; says which one a new name collides with. */
export interface NameSet {
  /** Null where the name is new; else why it can't stand beside those added before. Adds it only then. */
  add(name: string): string | null;
}

/** A name collides where it is another one but for case or Unicode form, or where one would be the other's folder. */
export const nameSet = (fold: (name: string) => string = foldedName): NameSet => {
  const names = recordList();
  const nameAt = (row: number): string => names.at(row).toString('utf8');
  const keys = rowIndex((row) => fold(nameAt(row)));
  const find = (key: string): string | null => {
    const row = keys.find(key);
    return row === null ? null : nameAt(row);
  };
  const keep = (key: string, name: string): void => {
    keys.add(key, names.length);
    names.add(Buffer.byteLength(name)).write(name, 'utf8');
  };
  const folders = new Map<string, string>();
  /** Of the name before: most names lie in the same one, and it is known then. */
  let lastFolder = '';
  return {
    add: (name) => {
      const key = fold(name);
      const same = find(key);
      if (same !== null)
        return same === name
          ? 'is there twice'
          : `is the same file as ${shownName(same)} on some systems`;
      const inside = folders.get(key);
      if (inside !== undefined) return `is also the folder of ${shownName(inside)}`;
      const end = key.lastIndexOf('/') + 1;
      if (end > 0 && end === lastFolder.length && key.startsWith(lastFolder)) {
        keep(key, name);
        return null;
      }
      const parents: string[] = [];
      for (let at = key.indexOf('/'); at !== -1; at = key.indexOf('/', at + 1)) {
        const parent = key.slice(0, at);
        const file = find(parent);
        if (file !== null) return `lies inside ${shownName(file)}, which is no folder`;
        parents.push(parent);
      }
      keep(key, name);
      for (const parent of parents) if (!folders.has(parent)) folders.set(parent, name);
      lastFolder = key.slice(0, end);
      return null;
    },
  };
};
