import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { expect, it } from 'vitest';
import {
  goldenHashes,
  goldenPicture,
  madeData,
  openedOn,
  pictureCount,
  pictures,
  type QueueAnswer,
  release10,
} from './support/service-on-data.ts';

const started = async (now?: () => number) => {
  const base = await madeData('1.0');
  return { base, ...(await openedOn(base, release10, now)) };
};

it('recognises every picture of its library, cut-outs too', async () => {
  const { base, post, get } = await started();
  const known = pictures(base);
  expect(known).toHaveLength(pictureCount);
  for (const { name, bytes } of known) {
    const answer = await post('/hash', bytes);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      nearest: { name: name.replace(/\..*/, ''), distance: 0 },
      confidence: 1,
      queued: false,
      queueId: null,
    });
  }
  expect(await get('/metrics/dhash')).toEqual({
    avg_hash_time: expect.any(Number),
    p95_hash_time: expect.any(Number),
    extraction_failures_rate: 0,
    extraction_failures_total: 0,
    total_processed: pictureCount,
    low_confidence_queue_length: 0,
  });
});

it('queues an unknown picture once, and lets a person discard it', async () => {
  const { post, get, hash } = await started(() => Date.UTC(2026, 0, 2));
  const bytes = goldenPicture('token-2.webp');
  const first = await hash(bytes);
  expect(first).toMatchObject({ hash: goldenHashes()['token-2.webp'], queued: true });
  expect((await hash(bytes)).queueId).toBe(first.queueId);
  expect(await get('/low-confidence')).toEqual({
    length: 1,
    items: [
      {
        id: first.queueId,
        hash: first.hash,
        nearest_id: first.nearest.id,
        distance: first.nearest.distance,
        confidence: first.confidence,
        queued_at: '2026-01-02T00:00:00.000Z',
      },
    ],
  });
  const resolve = () => post(`/low-confidence/${first.queueId}/resolve`, '{"decision":"discard"}');
  expect((await resolve()).status).toBe(200);
  expect((await resolve()).status).toBe(404);
  expect(await get('/low-confidence')).toEqual({ length: 0, items: [] });
});

it('recognises a picture that a person matched, also after a restart', async () => {
  const { base, post, hash, close } = await started();
  const bytes = goldenPicture('token-2.webp');
  const { queueId } = await hash(bytes);
  const path = `/low-confidence/${queueId}/resolve`;
  expect((await post(path, '{"decision":"match","libraryId":999}')).status).toBe(422);
  expect((await post(path, '{"decision":"match","libraryId":3}')).status).toBe(200);
  const recognised = { nearest: { id: 3, distance: 0 }, queued: false };
  expect(await (await post('/hash', bytes)).json()).toMatchObject(recognised);
  close();
  const again = await openedOn(base, release10);
  expect(await (await again.post('/hash', bytes)).json()).toMatchObject(recognised);
});

it('takes a picture into the library: its file, its row, its hash', async () => {
  const { base, post } = await started();
  const bytes = goldenPicture('card-1.jpg');
  const added = await post('/library?name=golden-card', bytes);
  expect(added.status).toBe(201);
  expect(await added.json()).toEqual({
    id: pictureCount + 1,
    name: 'golden-card',
    file: 'golden-card.jpg',
    hash: goldenHashes()['card-1.jpg'],
  });
  expect(new Uint8Array(readFileSync(join(base, 'images/golden-card.jpg')))).toEqual(bytes);
  expect(await (await post('/hash', bytes)).json()).toMatchObject({
    nearest: { name: 'golden-card', distance: 0 },
  });

  const other = await post('/library?name=golden-card', goldenPicture('die-3.png'));
  expect(other.status).toBe(409);
  expect(existsSync(join(base, 'images/golden-card.png'))).toBe(false);
  expect(pictures(base)).toHaveLength(pictureCount + 1);
});

const cut = goldenPicture('card-1.jpg').slice(0, 3000);
const text = new TextEncoder().encode('not a picture');
const tooLarge = new Uint8Array(10 * 1024 * 1024 + 1);

it.each([
  ['no picture', '/hash', new Uint8Array(), 400, 'no-picture', 0],
  ['no picture by its bytes', '/hash', text, 422, 'picture-unreadable', 1],
  ['a picture cut short', '/hash', cut, 422, 'picture-unreadable', 1],
  ['more than 10 MB', '/hash', tooLarge, 413, 'too-large', 0],
  ['a path as a name', '/library?name=../x', text, 400, 'bad-name', 0],
  ['no name', '/library', text, 400, 'bad-name', 0],
  ['text for the library', '/library?name=x', text, 422, 'picture-unreadable', 0],
  ['a decision about nothing', '/low-confidence/7/resolve', text, 404, 'not-queued', 0],
  ['a decision about a word', '/low-confidence/x/resolve', text, 404, 'not-queued', 0],
  ['an unknown page', '/nowhere', text, 404, 'no-such-page', 0],
])('refuses %s', async (_, path, body, status, error, failures) => {
  const { post, get } = await started();
  const answer = await post(path, body);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual({ error, reason: expect.stringMatching(/.{20}/) });
  expect(await get('/metrics/dhash')).toMatchObject({
    extraction_failures_total: failures,
    total_processed: failures,
    extraction_failures_rate: failures === 0 ? null : 100,
  });
});

it('refuses an unknown decision and keeps the entry', async () => {
  const { post, get, hash } = await started();
  const { queueId } = await hash(goldenPicture('die-1.jpg'));
  expect((await post(`/low-confidence/${queueId}/resolve`, '{"decision":"?"}')).status).toBe(400);
  expect((await get<QueueAnswer>('/low-confidence')).length).toBe(1);
});

it.each([
  ['grey', (image: Sharp) => image.greyscale().png()],
  ['16 bits a channel', (image: Sharp) => image.toColourspace('rgb16').png()],
  ['a palette', (image: Sharp) => image.png({ palette: true })],
  ['alpha that hides nothing', (image: Sharp) => image.ensureAlpha().png()],
])('hashes pictures with %s nearly like the original', async (_, convert) => {
  const { post, hash } = await started();
  const original = goldenPicture('tile-2.jpg');
  await post('/library?name=original', original);
  const bytes = new Uint8Array(await convert(sharp(original)).toBuffer());
  const { nearest } = await hash(bytes);
  expect(nearest.name).toBe('original');
  expect(nearest.distance).toBeLessThanOrEqual(2);
});

it('shows Prometheus the same figures, and the hash time as a histogram', async () => {
  const { app, post } = await started();
  await post('/hash', goldenPicture('die-1.jpg'));
  await post('/hash', new TextEncoder().encode('broken'));
  const answer = await app.request('/metrics');
  expect(answer.headers.get('content-type')).toContain('text/plain');
  const lines = (await answer.text()).split('\n');
  for (const line of [
    '# TYPE dhash_processed_total counter',
    'dhash_processed_total 2',
    'dhash_extraction_failures_total 1',
    '# TYPE dhash_hash_duration_seconds histogram',
    'dhash_hash_duration_seconds_bucket{le="2"} 1',
    'dhash_hash_duration_seconds_bucket{le="+Inf"} 1',
    'dhash_hash_duration_seconds_count 1',
    'dhash_low_confidence_queue_length 1',
    'extraction_failures_rate 50',
    'extraction_failures_total 1',
    'total_processed 2',
    'low_confidence_queue_length 1',
  ])
    expect(lines).toContain(line);
});
