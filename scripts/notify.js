// Sends a message to the channels of an environment. Options: --help
import { operate } from './operate.js';

await operate(['notify', 'send']);
