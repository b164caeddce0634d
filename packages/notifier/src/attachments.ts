import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, isAbsolute, relative, resolve } from 'node:path';
import { codeOf } from '@dhash/basics/code-of';
import { readableBytes } from './text/readable-bytes.ts';

/** A file that goes with a message, where a channel can carry one: a mail can. */
export interface Attachment {
  /** What the reader's program calls it: `report.html`. */
  readonly name: string;
  /** Below {@link AttachmentRules.folder}; read anew at each try, so it may still be written when the message is made. */
  readonly path: string;
}

/** What may be attached. */
export interface AttachmentRules {
  /** Files elsewhere are never read, links out of it neither. null: nothing is attached. */
  readonly folder: string | null;
  /** All files of one mail together, bytes. */
  readonly limitBytes: number;
}

/** Many mail servers refuse more than 10 MB, and base64 makes a third more of it. */
export const defaultAttachmentLimitBytes = 5_000_000;

/** Attachments as a mail carries them, and what is said of those that it does not. */
export interface ReadAttachments {
  readonly files: readonly {
    readonly filename: string;
    readonly content: Buffer;
    readonly contentType: string;
  }[];
  readonly notes: readonly string[];
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Whether a value is a list of {@link Attachment}. */
export const isAttachments = (value: unknown): value is readonly Attachment[] =>
  Array.isArray(value) &&
  value.every((item: unknown) => {
    if (typeof item !== 'object' || item === null) return false;
    const { name, path } = item as Record<string, unknown>;
    return typeof name === 'string' && namePattern.test(name) && typeof path === 'string';
  });

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.json': 'application/json',
  '.zip': 'application/zip',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
};

const isBelow = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
};

/** The file's content, or why it is not attached. */
const readOne = async (
  { name, path }: Attachment,
  folder: string,
  roomBytes: number,
): Promise<Buffer | string> => {
  try {
    const file = await realpath(resolve(folder, path));
    if (!isBelow(await realpath(folder), file)) return `${name} is not attached: it lies elsewhere`;
    const facts = await stat(file);
    if (!facts.isFile()) return `${name} is not attached: it is no file`;
    if (facts.size > roomBytes)
      return `${name} is not attached: ${readableBytes(facts.size)} is more than a mail may carry`;
    return await readFile(file);
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    return `${name} is not attached: it can't be read (${code})`;
  }
};

/** Reads what goes with a message. What can't be attached costs no message: it is said in a note. */
export const readAttachments = async (
  attachments: readonly Attachment[],
  { folder, limitBytes }: AttachmentRules,
): Promise<ReadAttachments> => {
  const files: ReadAttachments['files'][number][] = [];
  const notes: string[] = [];
  let roomBytes = limitBytes;
  if (folder === null) return { files, notes };
  for (const attachment of attachments) {
    const content = await readOne(attachment, folder, roomBytes);
    if (typeof content === 'string') {
      notes.push(content);
      continue;
    }
    roomBytes -= content.length;
    const contentType =
      contentTypes[extname(attachment.name).toLowerCase()] ?? 'application/octet-stream';
    files.push({ filename: attachment.name, content, contentType });
  }
  return { files, notes };
};
