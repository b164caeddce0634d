// Behind the .sh wrappers, whose first argument is the sub-command.
import { operate } from './operate.js';

const [command = 'help', ...args] = process.argv.slice(2);
await operate([command], args);
