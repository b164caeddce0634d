import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { realDisk } from '../disk.ts';
import { systemCode } from '../errors.ts';
import { replaceFile } from '../replace-file.ts';
import type { DiskOption } from '../types.ts';

const SUFFIX = '.copies.json';

const copy = z.object({
  /** `rclone:REMOTE:path`, the folder. */
  to: z.string(),
  /** When it was copied, or last tried (ISO 8601, UTC). */
  at: z.string(),
  sha256: z.nullable(z.string()),
  bytes: z.nullable(z.int().check(z.nonnegative())),
  /** `verified`: read back there and hashed. `failed`: to be tried again. */
  state: z.enum(['verified', 'failed']),
  /** Why it failed. */
  problem: z.optional(z.string()),
});
const list = z.object({ format: z.literal(1), copies: z.array(copy) });

/** Where a backup was copied to, and how that went. */
export type CopyRecord = z.infer<typeof copy>;

/** What `<zip>.copies.json` says; none where it is missing or can't be read: then it is copied again. */
export const readCopies = async (file: string): Promise<CopyRecord[]> => {
  try {
    const parsed = list.safeParse(JSON.parse(await readFile(`${file}${SUFFIX}`, 'utf8')));
    return parsed.success ? parsed.data.copies : [];
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return [];
    throw error;
  }
};

/** Writes how a copy went beside the zip, in place of what was said of the same place before. */
export const recordCopy = async (
  file: string,
  record: CopyRecord,
  { disk = realDisk }: DiskOption = {},
): Promise<void> => {
  const others = (await readCopies(file)).filter(({ to }) => to !== record.to);
  const text = JSON.stringify({ format: 1, copies: [...others, record] });
  await replaceFile(disk, `${file}${SUFFIX}`, 'copies', [`${text}\n`]);
};
