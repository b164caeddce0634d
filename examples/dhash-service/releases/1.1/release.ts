import { queueWithMargin } from '../../src/low-confidence-queue.ts';
import { serve } from '../../src/serve.ts';
import { decode } from './decode.ts';

await serve({ version: '1.1', decode, openQueue: queueWithMargin });
