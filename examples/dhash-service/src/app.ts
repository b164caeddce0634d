import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { isServiceError, messageOf, type ServiceErrorCode } from './errors.ts';
import type { HashPicture } from './hash-picture.ts';
import type { CheckHealth } from './health.ts';
import type { Library } from './library.ts';
import type { Log } from './log.ts';
import type { LowConfidenceQueue } from './low-confidence-queue.ts';
import type { Metrics } from './metrics.ts';
import { leastConfidence, type Nearest } from './nearest.ts';

/** What the routes need. */
export interface AppParts {
  readonly version: string;
  readonly hashPicture: HashPicture;
  readonly library: Library;
  readonly queue: LowConfidenceQueue;
  readonly metrics: Metrics;
  readonly checkHealth: CheckHealth;
  readonly sighted: ((nearest: Nearest, atMs: number) => void) | null;
  readonly log: Log;
  readonly now: () => number;
}

const largestPictureBytes = 10 * 1024 * 1024;
const longestList = 1000;

const statusOf: Partial<Record<ServiceErrorCode, 409 | 422>> = {
  'picture-unreadable': 422,
  'picture-unsupported': 422,
  'name-taken': 409,
};

const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
const decisionSchema = z.discriminatedUnion('decision', [
  z.object({ decision: z.literal('discard') }),
  z.object({ decision: z.literal('match'), libraryId: z.int().positive() }),
]);

const extensionOf = (bytes: Uint8Array): string | null => {
  const starts = (...signature: number[]) => signature.every((byte, at) => bytes[at] === byte);
  if (starts(0xff, 0xd8, 0xff)) return 'jpg';
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'png';
  if (starts(0x52, 0x49, 0x46, 0x46)) return 'webp';
  return null;
};

/** An error's answer: a code for programs, a sentence for people. */
const refusal = (
  context: Context,
  status: 400 | 404 | 413 | 422 | 503,
  code: string,
  reason: string,
) => context.json({ error: code, reason }, status);

/** The HTTP interface; no socket is opened here. */
export const createApp = (parts: AppParts): Hono => {
  const { version, hashPicture, library, queue, metrics, checkHealth, sighted, log, now } = parts;
  const app = new Hono();
  const limit = bodyLimit({
    maxSize: largestPictureBytes,
    onError: (context) =>
      refusal(context, 413, 'too-large', `a picture may have ${largestPictureBytes} bytes at most`),
  });
  const bodyOf = async (context: Context) => new Uint8Array(await context.req.arrayBuffer());
  const empty = (context: Context) =>
    refusal(context, 400, 'no-picture', 'the body is empty; send the bytes of one picture');
  const busy = (context: Context) => {
    context.header('Retry-After', '1');
    return refusal(context, 503, 'busy', 'too many pictures are in work; try again in a second');
  };

  app.get('/health', async (context) => {
    const reason = await checkHealth();
    if (reason === null) return context.json({ status: 'OK', version });
    log('error', 'not healthy', { reason });
    return context.json({ status: 'UNAVAILABLE', version, reason }, 503);
  });

  app.get('/metrics/dhash', (context) => context.json(metrics.figures()));
  app.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType }),
  );

  app.post('/hash', limit, async (context) => {
    const bytes = await bodyOf(context);
    if (bytes.length === 0) return empty(context);
    const outcome = await hashPicture(bytes);
    if (outcome.kind === 'busy') return busy(context);
    const match = library.index.search(outcome.hash);
    const { nearest, confidence } = match;
    const queueId = confidence < leastConfidence ? queue.add(outcome.hash, match, now()) : null;
    if (nearest !== null && queueId === null) sighted?.(nearest, now());
    return context.json({
      hash: outcome.hash,
      nearest,
      confidence,
      queued: queueId !== null,
      queueId,
    });
  });

  app.post('/library', limit, async (context) => {
    const name = nameSchema.safeParse(context.req.query('name'));
    if (!name.success)
      return refusal(
        context,
        400,
        'bad-name',
        'give ?name= of lower-case letters, digits, dot, - and _, 64 at most',
      );
    const bytes = await bodyOf(context);
    if (bytes.length === 0) return empty(context);
    const extension = extensionOf(bytes);
    if (extension === null)
      return refusal(
        context,
        422,
        'picture-unreadable',
        'the library takes JPEG, PNG and WebP pictures',
      );
    const outcome = await hashPicture(bytes);
    if (outcome.kind === 'busy') return busy(context);
    const image = { name: name.data, file: `${name.data}.${extension}`, hash: outcome.hash };
    return context.json(await library.store(image, bytes, now()), 201);
  });

  app.get('/low-confidence', (context) =>
    context.json({ length: queue.length(), items: queue.list(longestList) }),
  );

  app.post('/low-confidence/:id/resolve', async (context) => {
    const id = z.coerce.number().int().positive().safeParse(context.req.param('id'));
    const entry = id.success ? queue.get(id.data) : undefined;
    if (entry === undefined)
      return refusal(context, 404, 'not-queued', `nothing is queued as ${context.req.param('id')}`);
    const body: unknown = await context.req.json().catch(() => null);
    const decision = decisionSchema.safeParse(body);
    if (!decision.success)
      return refusal(
        context,
        400,
        'bad-decision',
        'send {"decision":"discard"} or {"decision":"match","libraryId":N}',
      );
    if (
      decision.data.decision === 'match' &&
      !library.addAlias(decision.data.libraryId, entry.hash, now())
    )
      return refusal(
        context,
        422,
        'no-such-image',
        `the library has no image ${decision.data.libraryId}`,
      );
    queue.remove(entry.id);
    return context.json({ resolved: entry.id, ...decision.data });
  });

  app.notFound((context) =>
    refusal(context, 404, 'no-such-page', `there is no ${context.req.method} ${context.req.path}`),
  );

  app.onError((error, context) => {
    const status = isServiceError(error) ? statusOf[error.code] : undefined;
    if (isServiceError(error) && status !== undefined) {
      log('warn', 'picture refused', {
        path: context.req.path,
        code: error.code,
        reason: error.message,
      });
      return context.json({ error: error.code, reason: error.message }, status);
    }
    log('error', 'request failed', { path: context.req.path, reason: messageOf(error) });
    return context.json(
      { error: 'internal', reason: 'the request failed; see the service log' },
      500,
    );
  });
  return app;
};
