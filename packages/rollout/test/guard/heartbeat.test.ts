import { startHttpServer } from '@dhash/testkit';
import { expect, it, vi } from 'vitest';
import { startHeartbeat } from '../../src/guard/heartbeat.ts';
import { createOutput } from '../../src/words/output.ts';

const listening = () => {
  let said = '';
  const sink = {
    write: (text: string) => {
      said += text;
    },
  };
  const output = createOutput(
    { stdout: sink, stderr: sink },
    { json: false, verbose: false, env: {} },
  );
  return { output, said: () => said };
};

it('each poll is a beat, and a server that fails is said once until it answers again', async () => {
  let status = 200;
  const server = await startHttpServer((_request, response) => {
    response.writeHead(status).end('ok');
  });
  const { output, said } = listening();
  const heart = startHeartbeat(server.url, { output });
  for (const next of [200, 503, 503, 200, 503]) {
    status = next;
    const before = server.requests.length;
    await vi.waitFor(() => {
      heart.beat();
      expect(server.requests.length).toBeGreaterThan(before);
    }, 30_000);
  }
  await vi.waitFor(
    () => expect(said().match(/the heartbeat does not arrive: it answered 503/g)).toHaveLength(2),
    30_000,
  );
});

it('one that hangs holds no poll up: the next waits for it, the watch does not', async () => {
  const { output } = listening();
  let asked = 0;
  const heart = startHeartbeat('http://127.0.0.1:1/', {
    output,
    request: () => {
      asked += 1;
      return new Promise(() => undefined);
    },
  });
  heart.beat();
  heart.beat();
  expect(asked).toBe(1);
});

it('without an address nothing is asked', async () => {
  const { output, said } = listening();
  const heart = startHeartbeat(null, { output });
  heart.beat();
  heart.end();
  expect(said()).toBe('');
});
