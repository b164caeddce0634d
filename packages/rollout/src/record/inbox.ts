import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  atomicWriteFile,
  isRightMissing,
  JournalError,
  makeFolder,
  missingRight,
} from '@dhash/journal';
import * as z from 'zod';
import { isNotThere } from '../errors.ts';

/** What another terminal may ask of the process that holds a run. */
export const requestSchema = z.strictObject({
  format: z.literal(1),
  kind: z.enum(['rollback', 'pause', 'abort', 'promote']),
  user: z.string(),
  reason: z.string(),
  at: z.string(),
});

export type InboxRequest = z.infer<typeof requestSchema>;

/**
 * Puts a request into a run's inbox: whole under its final name, or not there.
 *
 * @throws JournalError `no-right` where this user may not ask.
 */
export const putRequest = async (folder: string, request: InboxRequest): Promise<string> => {
  const name = `${request.at.replaceAll(/[^0-9]/g, '')}-${request.kind}-${randomBytes(3).toString('hex')}`;
  const final = join(folder, `${name}.json`);
  try {
    await makeFolder(folder);
    await atomicWriteFile(final, `${JSON.stringify(request)}\n`);
  } catch (error) {
    if (!isRightMissing(error)) throw error;
    throw new JournalError(
      'no-right',
      `the process that holds the run can not be asked: ${missingRight(final, 'write')}; ask as the user who may`,
      { file: final },
      { cause: error },
    );
  }
  return final;
};

export interface TakenRequest {
  readonly file: string;
  readonly request: InboxRequest | null;
  /** Why `request` is null: what was put there could not be read. */
  readonly problem: string | null;
}

const readRequest = async (file: string): Promise<TakenRequest> => {
  try {
    const parsed = requestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    return { file, request: parsed, problem: null };
  } catch (error) {
    return { file, request: null, problem: error instanceof Error ? error.message : String(error) };
  }
};

/** What lies in the inbox, oldest first. Nothing is removed: that is for after it is on the record. */
export const readInbox = async (folder: string): Promise<TakenRequest[]> => {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isNotThere(error)) return [];
    throw error;
  }
  const requests = names.filter((name) => name.endsWith('.json')).sort();
  return Promise.all(requests.map((name) => readRequest(join(folder, name))));
};

/** Removes a request that is on the record now. */
export const dropRequest = (taken: TakenRequest): Promise<void> => rm(taken.file, { force: true });
