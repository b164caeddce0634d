/**
 * Names on Linux are bytes, of whatever encoding. Here such a name is a text of one character (Latin-1) for each byte:
 * it takes a third of the memory of a Buffer, and its parts are found as in any text. Its order is that of the bytes.
 */
export type BytePath = string;

/** The bytes, as the system takes them. */
export const bytesOf = (path: BytePath): Buffer => Buffer.from(path, 'latin1');

/** The same name from text in UTF-8. */
export const bytePath = (text: string): BytePath => Buffer.from(text).toString('latin1');

/** For people: what is not UTF-8 is replaced. */
export const shownPath = (path: BytePath): string => bytesOf(path).toString('utf8');

export const joinPath = (folder: BytePath, name: BytePath): BytePath =>
  folder === '' ? name : `${folder}/${name}`;
