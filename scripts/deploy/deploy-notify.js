// Sends the message of a rollout phase (t-30 … +60, success, failed). Options: --help
import { operate } from '../operate.js';

await operate(['notify', 'phase']);
