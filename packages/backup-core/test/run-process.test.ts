import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { runProcess } from '../src/process/run-process.ts';

const PIECE_BYTES = 2 ** 20;

/** As an archive's reader does: a part is valid until the next one is asked for, and the one after is read ahead. */
async function* borrowed(pieces: number): AsyncGenerator<Buffer> {
  const buffers = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)];
  for (let i = 0; i < pieces; i++) {
    const buffer = buffers[i % 2] ?? Buffer.alloc(0);
    buffers[(i + 1) % 2]?.fill(i + 1);
    yield buffer;
  }
}

it('gives a slow program its input as it was, though each part is only lent', async () => {
  const expected = createHash('sha256');
  for (let i = 0; i < 8; i++) expected.update(Buffer.alloc(PIECE_BYTES, i));
  const seen = createHash('sha256');
  await runProcess({
    what: 'cat',
    command: 'sleep 0.2; exec cat',
    input: borrowed(8),
    onOutput: (part) => {
      seen.update(part);
    },
  });
  expect(seen.digest('hex')).toBe(expected.digest('hex'));
});

it('takes a program that does not read all of its input', async () => {
  const bytes = await runProcess({ what: 'head', command: 'head -c 10', input: borrowed(8) });
  expect(bytes).toBe(10);
});

it('says what an input that broke off was', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(10);
    throw new Error('the archive ends here');
  }
  await expect(runProcess({ what: 'cat', command: 'cat', input: broken() })).rejects.toThrow(
    'the archive ends here',
  );
});
