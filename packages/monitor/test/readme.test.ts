import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeClock, startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Clock } from '../src/index.ts';
import { startedAt } from './support/service.ts';

type Example = {
  watchRelease(
    url: string,
    folder: string,
    run: { clock: Clock; startedAt: number; signal: AbortSignal },
  ): Promise<string>;
};

/** The README's example as a module; within the package, so that its imports resolve as a user's do. */
const loadExample = async (): Promise<Example> => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [code, ...more] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block);
  expect(more).toEqual([]);
  const folder = new URL('./.readme/', import.meta.url);
  await mkdir(folder, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = new URL('example.ts', folder);
  await writeFile(file, code ?? '');
  return import(/* @vite-ignore */ file.href);
};

it('the example of the README watches a real server, and goes on where it was stopped', async () => {
  const { watchRelease } = await loadExample();
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const service = await startHttpServer((request, response) => {
    const isHealth = request.url === '/health';
    response.end(isHealth ? '{"status":"OK","version":"1.2"}' : 'low_confidence_queue_length 7\n');
  });
  const folder = await tempFolder();
  const clock = fakeClock(startedAt);
  const stop = new AbortController();
  const run = { clock, startedAt, signal: stop.signal };
  const sleep = clock.sleep;
  clock.sleep = (ms, signal) => {
    if (clock.now() - startedAt > 100_000 && !stop.signal.aborted) stop.abort(new Error('SIGINT'));
    return sleep(ms, signal);
  };
  expect(await watchRelease(service.url, folder, run)).toBe('interrupted');
  const signal = new AbortController().signal;
  expect(await watchRelease(service.url, folder, { ...run, signal })).toBe('promote');
  expect(written.join('')).toContain('promote');
  expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('✔ Promote');
  expect((await readFile(join(folder, 'samples.ndjson'), 'utf8')).match(/"missed"/g)).toBeNull();
});
