import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, startHttpServer, tempFolder, traceDisk } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { message } from './messages.ts';
import { httpChannel } from './notifier-kit.ts';

const source = `
  import { readFileSync } from 'node:fs';
  import { createNotifier } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
  const [folder, channels, message] = JSON.parse(readFileSync(0, 'utf8'));
  const [receipt] = await createNotifier({ channels, folder, retry: { tries: 1 } }).send(message);
  console.log(receipt.status);
`;

it('a message is on the disk before its first try, and what became of it before that is said', async () => {
  let status = 503;
  const server = await startHttpServer(
    (_request, response) => void response.writeHead(status).end(),
  );
  for (const [answer, becomes] of [
    [503, 'spooled'],
    [410, 'dead'],
    [204, 'delivered'],
  ] as const) {
    status = answer;
    const root = await tempFolder();
    const script = join(root, 'send.mts');
    await writeFile(script, source);
    const input = JSON.stringify([
      join(root, 'notifications'),
      [httpChannel('webhook', server.url)],
      message(),
    ]);
    const { stdout, told } = await traceDisk(root, [script], input);
    expect(stdout.trim()).toBe(becomes);
    expect(told).toEqual([
      { by: 'connection', unsynced: [] },
      { by: 'output', unsynced: [] },
    ]);
  }
  expect(server.requests[0]?.url).toContain(canary);
});
