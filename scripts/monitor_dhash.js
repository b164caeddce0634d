// Watches a release for its gates. Options: --help
import { operate } from './operate.js';

await operate(['monitor']);
