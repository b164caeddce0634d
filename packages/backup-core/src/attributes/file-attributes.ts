import type { ManifestSource } from '../manifest.ts';
import { type BytePath, bytesOf } from '../source/byte-path.ts';

/** Extended attributes of one file or folder, base64 by name. An access list is one of them. */
export type FileAttributes = NonNullable<ManifestSource['attributes']>[number];

/**
 * Attributes that are the data's own. Labels of a security module are its policy's to give; `system.posix_acl_*` are the
 * access list of a file, and what a folder hands down (acl(5)).
 */
const KEPT = /^(?:user\..+|trusted\..+|security\.capability|system\.posix_acl_(?:access|default))$/;

const isKept = (name: string): boolean => KEPT.test(name);

/** As getfattr writes names: a backslash and three octal digits for what has a meaning there. */
const quoted = (name: string): string =>
  name.replaceAll(/[\\\n\r=]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

const unquoted = (name: string): string =>
  name.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

/** Reads what `getfattr --dump --encoding=base64` prints, its bytes as Latin-1; paths are relative to where it ran. */
export const parseAttributes = (text: string): FileAttributes[] =>
  text.split('\n\n').flatMap((block) => {
    const [head = '', ...lines] = block.split('\n').filter((line) => line !== '');
    if (!head.startsWith('# file: ')) return [];
    const path = unquoted(head.slice('# file: '.length)).replace(/^\.(?:\/|$)/, '');
    const values = lines.flatMap((line) => {
      const end = line.indexOf('=');
      const name = unquoted(end === -1 ? line : line.slice(0, end));
      const value = end === -1 ? '' : line.slice(end + 1).replace(/^0s/, '');
      return isKept(name) ? [[name, value === '""' ? '' : value] as const] : [];
    });
    if (values.length === 0) return [];
    const name = Buffer.from(path, 'latin1').toString('base64');
    return [{ name, values: Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1))) }];
  });

/** What `setfattr --restore` reads: the same, of paths where they are to be set. */
export const renderAttributes = (
  all: readonly FileAttributes[],
  placeOf: (path: BytePath) => BytePath,
): Buffer =>
  bytesOf(
    all
      .map(({ name, values }) => {
        const path = placeOf(Buffer.from(name, 'base64').toString('latin1'));
        const lines = Object.entries(values).map(([each, value]) => `${quoted(each)}=0s${value}\n`);
        return `# file: ${quoted(path)}\n${lines.join('')}\n`;
      })
      .join(''),
  );
