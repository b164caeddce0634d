// What bin/ starts. A bundle of its own: a command loads few files, and none of node_modules.
export { asProcess } from './cli/as-process.ts';
export { main } from './cli/main.ts';
