import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { realDisk, syncFolder } from '../disk.ts';
import { systemCode } from '../errors.ts';
import type { DiskOption } from '../types.ts';
import { workName } from '../work-files.ts';

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
  const part = join(dirname(file), workName('copies'));
  try {
    const handle = await disk.open(part, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify({ format: 1, copies: [...others, record] })}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await disk.rename(part, `${file}${SUFFIX}`);
  } finally {
    await disk.rm(part, { recursive: false, force: true });
  }
  await syncFolder(disk, dirname(file));
};
