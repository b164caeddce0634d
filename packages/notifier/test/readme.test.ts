import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import type { Receipt } from '../src/index.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it("README's example runs as it stands", async () => {
  const server = await startHttpServer((_request, response) => void response.end());
  vi.stubEnv('HOOK_URL', server.url);
  vi.stubEnv('SLACK_WEBHOOK_URL', '');
  vi.stubEnv('NOTIFY_FOLDER', await tempFolder());
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const folder = fileURLToPath(new URL('./tmp/', import.meta.url));
  await mkdir(folder, { recursive: true });
  const file = `${folder}readme-${process.pid}.ts`;
  const source = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  await writeFile(file, code.replace("'@dhash/notifier'", JSON.stringify(source)));
  try {
    const { receipts } = (await import(file)) as { receipts: Receipt[] };
    expect(receipts).toMatchObject([
      { channel: 'chat', status: 'off' },
      { channel: 'hook', status: 'delivered', attempts: 1 },
    ]);
    expect(server.requests[0]?.body).toContain('Two tests are red.');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
