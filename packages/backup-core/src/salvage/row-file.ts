import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Characters that are held before they are written. */
const BUFFERED = 2 ** 18;

/** A file of JSON lines, written once (0600) and read as often as is needed: rows can be more than memory holds. */
export interface RowFile<T> {
  readonly path: string;
  add(item: T): Promise<void> | void;
  /** Writes what is held. Call it before reading. */
  finish(): Promise<void>;
  read(): AsyncGenerator<T>;
}

export const rowFile = <T>(path: string): RowFile<T> => {
  let handle: FileHandle | null = null;
  let held = '';
  const write = async (): Promise<void> => {
    const text = held;
    held = '';
    handle ??= await open(path, 'wx', 0o600);
    await handle.writeFile(text);
  };
  return {
    path,
    add: (item) => {
      held += `${JSON.stringify(item)}\n`;
      return held.length > BUFFERED ? write() : undefined;
    },
    finish: async () => {
      await write();
      await handle?.close();
    },
    async *read() {
      const input = createReadStream(path, 'utf8');
      try {
        // A line that `add` wrote.
        for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
          yield JSON.parse(line) as T;
      } finally {
        input.destroy();
      }
    },
  };
};
