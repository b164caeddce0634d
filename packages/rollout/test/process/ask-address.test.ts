import { createServer } from 'node:http';
import { createServer as createTcp, type Server, type Socket } from 'node:net';
import { freePort } from '@dhash/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { askAddress, listeningSockets } from '../../src/process/ask-address.ts';
import { whoHolds } from '../../src/process/open-files.ts';

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/health`;
};

const answering = (status: number) =>
  listen(
    createServer((_, response) => {
      response.statusCode = status;
      response.end();
    }),
  );

test.each([
  [200, true],
  [404, true],
  [500, true],
  [502, false],
  [503, false],
  [504, false],
])('HTTP %i of this machine: a proof that the service runs: %s', async (status, isProof) => {
  expect(await askAddress(await answering(status), 5000)).toEqual({
    kind: 'answers',
    how: `HTTP ${status}`,
    isProof,
  });
});

test('a port where nobody listens is silent, by any of its names', async () => {
  const port = await freePort();
  for (const host of ['127.0.0.1', 'localhost', '[::1]', 'no-such-host.invalid'])
    expect(await askAddress(`http://${host}:${port}/`, 5000), host).toEqual({ kind: 'silent' });
});

test('a connection that is taken and not answered is a proof, one that is dropped is none', async () => {
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const hanging = await listen(createTcp((socket) => void sockets.push(socket)));
  expect(await askAddress(hanging, 200)).toMatchObject({ kind: 'answers', isProof: true });
  const dropping = await listen(createTcp((socket) => void socket.resetAndDestroy()));
  expect(await askAddress(dropping, 5000)).toMatchObject({ kind: 'answers', isProof: false });
  const garbled = await listen(createTcp((socket) => void socket.end('SSH-2.0-x\r\n')));
  expect(await askAddress(garbled, 5000)).toMatchObject({ kind: 'answers', isProof: true });
});

test.skipIf(process.platform !== 'linux')('who listens can be found', async () => {
  const url = await answering(200);
  const sockets = await listeningSockets(url);
  expect(sockets).toHaveLength(1);
  // This process itself, which never counts.
  expect(await whoHolds({ files: [], folders: [], sockets })).toMatchObject({ holders: [] });
});
