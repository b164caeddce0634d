// Checks that the logs of a run parse, are complete and hold no secret. Options: --help
import { operate } from './operate.js';

await operate(['validate-logging']);
