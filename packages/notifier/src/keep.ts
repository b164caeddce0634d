import { join } from 'node:path';
import type { Message } from './message.ts';
import type { Receipt } from './receipt.ts';
import { renderEmail } from './render/email.ts';
import { codeOf, makeFolder, writeNew } from './spool/durable.ts';

/**
 * Without a channel that is on, a message still exists: as JSON and as text that a person can read
 * and send by hand.
 */
export const keepMessage = async (folder: string, message: Message): Promise<Receipt> => {
  const name = `${message.at.replace(/[^0-9TZ]/g, '').slice(0, 15)}-${message.id}`;
  const base: Receipt = { channel: 'file', status: 'off', attempts: 0, ms: 0 };
  try {
    await makeFolder(folder);
    await writeNew(join(folder, `${name}.json`), `${JSON.stringify(message, null, 2)}\n`);
    await writeNew(join(folder, `${name}.txt`), renderEmail(message).text);
  } catch (error) {
    return { ...base, status: 'lost', reason: `it can't be kept in ${folder} (${codeOf(error)})` };
  }
  return {
    ...base,
    reason: 'no channel is on; kept as a file',
    receipt: join(folder, `${name}.txt`),
  };
};
