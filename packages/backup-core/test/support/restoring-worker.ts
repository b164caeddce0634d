import { stageRestore, swapIn } from '../../src/index.ts';
import type { Sample } from './sample.ts';

/** Restores a backup over the live data of a sample. */
const [, , file = '', sample = ''] = process.argv;
const { sources } = JSON.parse(sample) as Sample;
const { targets } = await stageRestore(file, { id: 'r', targets: sources });
await swapIn(targets, { sources });
