import { queueWithMargin } from '../../src/low-confidence-queue.ts';
import { serve } from '../../src/serve.ts';
import { decode } from './decode.ts';
import { openSightings } from './sightings.ts';

await serve({ version: '1.2', decode, openQueue: queueWithMargin, openSightings });
